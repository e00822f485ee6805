package netflow

import (
	"net/netip"
	"sync"

	"github.com/flowpipeline/pipeline/flow"
)

// exporterKey tells exporters apart.
type exporterKey struct {
	addr    flow.Addr
	port    uint16 // 0 unless Config.PortInKey, or of a session
	version uint16
	session int64 // 0 for UDP
}

// exporter is one exporter speaking one version.
type exporter struct {
	key      exporterKey
	addr     netip.Addr
	override uint32 // rate by configuration, whatever the exporter tells
	fallback uint32 // the same where it tells nothing

	mu      sync.RWMutex // guards what follows, and the domains
	gone    bool         // the store has forgotten it
	domains map[uint32]*domain
	seen    int64 // latest datagram [ns since the epoch]
}

// domain is one observation domain of an exporter.
type domain struct {
	id        uint32
	templates map[uint16]*template
	options   optionsData
	held      []heldSet
	heldBytes int
	sequence  sequence
	seen      int64 // latest datagram [ns since the epoch]
}

// whole returns the domain that stands for the whole exporter (RFC 7011 3.1).
func (e *exporter) whole(d *domain) *domain {
	if d.id == 0 {
		return nil
	}
	return e.domains[0]
}
