// Package endpoint reads the addresses of those that a stage connects to.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// HostPort reads "host:port", of which the port may be left out, and may be
// followed by a slash, as behind a scheme. It returns the address with the port.
func HostPort(text, port string) (string, error) {
	text = strings.TrimSuffix(text, "/")
	if !strings.Contains(text[strings.LastIndexByte(text, ']')+1:], ":") {
		text += ":" + port
	}
	host, port, err := net.SplitHostPort(text)
	if err == nil && host == "" {
		err = errors.New("the host is missing")
	}
	if err == nil {
		if n, bad := strconv.ParseUint(port, 10, 16); bad != nil || n == 0 {
			err = fmt.Errorf("port %q is no number from 1 to 65535", port)
		}
	}
	return text, err
}
