package collector

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Transport is what carries exports.
type Transport uint8

// The transports.
const (
	UDP Transport = iota
	TCP
	TLS
)

// Address is where to listen.
type Address struct {
	HostPort  string
	Transport Transport
}

// schemes are what addresses can begin with.
var schemes = map[string]struct {
	port      int // where none is given
	transport Transport
}{
	"netflow":   {2055, UDP},
	"ipfix":     {4739, UDP},
	"ipfix+tcp": {4739, TCP},
	"ipfix+tls": {4740, TLS},
	"sflow":     {6343, UDP},
}

// Schemes by what is received.
var (
	NetFlowSchemes = []string{"netflow", "ipfix", "ipfix+tcp", "ipfix+tls"}
	SFlowSchemes   = []string{"sflow"}
)

// ParseAddress reads "scheme://host:port" or "host:port", of which the host, and
// with a scheme the port, may be left out. known are the schemes that are taken;
// the first stands for none.
func ParseAddress(text string, known ...string) (Address, error) {
	name, rest, has := strings.Cut(text, "://")
	if !has {
		name, rest = known[0], text
	}
	if !slices.Contains(known, name) {
		return Address{}, fmt.Errorf("address %q: the scheme is not %s", text, strings.Join(known, " or "))
	}
	scheme := schemes[name]
	rest = strings.TrimSuffix(rest, "/")
	if has && (rest == "" || !strings.Contains(rest[strings.LastIndexByte(rest, ']')+1:], ":")) {
		rest += ":" + strconv.Itoa(scheme.port)
	}
	_, port, err := net.SplitHostPort(rest)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return Address{}, fmt.Errorf("address %q is not host:port: %w", text, err)
	}
	return Address{rest, scheme.transport}, nil
}
