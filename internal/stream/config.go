package stream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// Defaults.
const (
	DefaultConnections = 1024
	DefaultIdle        = time.Hour
)

// Address is where to listen.
type Address struct {
	HostPort string // as of net.ListenConfig; without a host it is every address
	TLS      bool
}

// Config says how to receive.
type Config struct {
	Addresses []Address
	// TLS is used at the addresses with TLS.
	TLS *tls.Config
	// Connections is how many there can be at a time, at all addresses together; 0
	// means DefaultConnections. Each takes up to 64 KiB, and with TLS what that
	// takes.
	Connections int
	// Idle is after how much time without a byte a connection is closed; 0 means
	// DefaultIdle.
	Idle time.Duration
	// Allow are the exporters that are listened to; none means everybody.
	Allow []netip.Prefix
	// Now tells the time of receipt in nanoseconds since the epoch; it is asked
	// once for each read.
	Now func() int64
	// Logger is told of connections that end in an error.
	Logger *slog.Logger
}

// Check fills in the defaults, and returns what is wrong.
func (c *Config) Check() error {
	if c.Connections == 0 {
		c.Connections = DefaultConnections
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	secure := false
	for _, a := range c.Addresses {
		secure = secure || a.TLS
	}
	switch {
	case secure && c.TLS == nil:
		return errors.New("an address with TLS needs the option TLS")
	case !secure && c.TLS != nil:
		return errors.New("the option TLS is given, but no address with TLS")
	case c.Connections < 1 || c.Connections > 1<<20:
		return fmt.Errorf("%d connections are not 1 to %d", c.Connections, 1<<20)
	case c.Idle < 0:
		return fmt.Errorf("an idle timeout of %v is below 0", c.Idle)
	}
	return datagram.CheckAllow(c.Allow)
}

// Counts are what a Listener did since it was opened.
type Counts struct {
	Connections uint64 // accepted and not refused
	Refused     uint64 // connections of exporters that are not allowed
	Excess      uint64 // connections refused because there were too many
	Handshakes  uint64 // connections whose TLS handshake failed
	Broken      uint64 // connections closed because no message began where one had to
	Failed      uint64 // connections that ended by an error or within a message
	Idle        uint64 // connections closed because nothing came
	Abandoned   uint64 // bytes received that were no whole message by the end
}
