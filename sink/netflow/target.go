package netflow

import (
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/internal/endpoint"
)

// Versions in the header.
const (
	v9    = 9
	ipfix = 10
)

// protocol is what a scheme stands for.
type protocol struct {
	version uint16
	network string
	port    string // where none is given
}

var schemes = map[string]protocol{
	"netflow9":  {v9, "udp", "2055"},
	"ipfix":     {ipfix, "udp", "4739"},
	"ipfix+tcp": {ipfix, "tcp", "4739"},
}

// parseTarget reads "scheme://host:port", of which the port may be left out.
func parseTarget(target string) (protocol, string, error) {
	scheme, rest, _ := strings.Cut(target, "://")
	p, ok := schemes[scheme]
	if !ok {
		return p, "", fmt.Errorf("target %q does not begin with netflow9://, ipfix:// or ipfix+tcp://", target)
	}
	address, err := endpoint.HostPort(rest, p.port)
	if err != nil {
		return p, "", fmt.Errorf("target %q: %w", target, err)
	}
	return p, address, nil
}
