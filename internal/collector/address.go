package collector

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Ports that exports go to where none is given.
const (
	PortNetFlow = 2055
	PortSFlow   = 6343
)

// ports by the scheme of an address.
var ports = map[string]int{"netflow": PortNetFlow, "ipfix": 4739, "sflow": PortSFlow}

// Address reads "scheme://host:port" or "host:port", of which the host, and with
// a scheme the port, may be left out. It returns the address to listen at.
// schemes are those that are taken; the first stands for none.
func Address(text string, schemes ...string) (string, error) {
	scheme, rest, has := strings.Cut(text, "://")
	if !has {
		scheme, rest = schemes[0], text
	}
	known := false
	for _, s := range schemes {
		known = known || s == scheme
	}
	if !known {
		return "", fmt.Errorf("address %q: the scheme is not %s", text, strings.Join(schemes, " or "))
	}
	rest = strings.TrimSuffix(rest, "/")
	if has && (rest == "" || !strings.Contains(rest[strings.LastIndexByte(rest, ']')+1:], ":")) {
		rest += ":" + strconv.Itoa(ports[scheme])
	}
	_, port, err := net.SplitHostPort(rest)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("address %q is not host:port: %w", text, err)
	}
	return rest, nil
}
