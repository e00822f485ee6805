package udp

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// Defaults.
const (
	DefaultBatch  = 32
	DefaultBuffer = 4 << 20
)

// Config says how to receive.
type Config struct {
	// Address is host:port, as of net.ListenConfig; without a host it is every
	// address, of IPv4 and IPv6. A multicast group is joined; the socket then also
	// gets what is sent to the port at other addresses of the system.
	Address string
	// Interface is where a multicast group is joined; "" means the zone of the
	// address, or else the system's choice.
	Interface string
	// Sockets is how many share the port; 0 means 1. The kernel gives all
	// datagrams of one address and port to the same socket. Where it cannot do
	// that, and for a multicast group, of which each socket would get all, there
	// is one.
	Sockets int
	// Buffer is how many bytes of datagrams the kernel shall hold for each
	// socket; 0 means DefaultBuffer. What it grants, ReceiveBuffer tells.
	Buffer int
	// Batch is how many datagrams one call takes at the most; 0 means
	// DefaultBatch.
	Batch int
	// MaxDatagram is the longest payload in bytes; 0 means what UDP can carry.
	// A longer one is cut and counted. Memory that no datagram reaches into is
	// not taken from the system.
	MaxDatagram int
	// Allow are the exporters that are listened to; none means everybody.
	Allow []netip.Prefix
	// Now tells the time of receipt in nanoseconds since the epoch; it is asked
	// once for each call of the kernel.
	Now func() int64
}

// Check fills in the defaults, and returns what is wrong.
func (c *Config) Check() error {
	if c.Sockets == 0 {
		c.Sockets = 1
	}
	if c.Buffer == 0 {
		c.Buffer = DefaultBuffer
	}
	if c.Batch == 0 {
		c.Batch = DefaultBatch
	}
	if c.MaxDatagram == 0 {
		c.MaxDatagram = datagram.MaxPayload
	}
	switch {
	case c.Now == nil:
		return errors.New("no clock")
	case c.Sockets < 1 || c.Sockets > 1024:
		return fmt.Errorf("%d sockets are not 1 to 1024", c.Sockets)
	case c.Buffer < 1 || c.Buffer > 1<<30:
		return fmt.Errorf("a receive buffer of %d bytes is not 1 to %d", c.Buffer, 1<<30)
	case c.Batch < 1 || c.Batch > 1024:
		return fmt.Errorf("a batch of %d datagrams is not 1 to 1024", c.Batch)
	case c.MaxDatagram < 64 || c.MaxDatagram > datagram.MaxPayload:
		return fmt.Errorf("a longest datagram of %d bytes is not 64 to %d", c.MaxDatagram, datagram.MaxPayload)
	}
	return datagram.CheckAllow(c.Allow)
}

// Counts are what a socket did since it was opened.
type Counts struct {
	Datagrams    uint64 // received, those that were refused among them
	Bytes        uint64 // of their payloads
	Refused      uint64 // datagrams of exporters that are not allowed
	Truncated    uint64 // longer than MaxDatagram
	KernelDrops  uint64 // datagrams that the kernel dropped before, where it tells
	KnowsDropped bool   // KernelDrops means something
}
