package datagram

import (
	"context"
	"net/netip"
	"time"
)

// MaxPayload is the largest payload of a datagram, in bytes.
const MaxPayload = 1<<16 - 1

// Datagram is one UDP payload, or one message of a session over TCP.
type Datagram struct {
	Payload  []byte
	From     netip.AddrPort // the exporter; never an IPv4-mapped address
	Received int64          // in nanoseconds since the epoch, 0 when unknown
	// Session tells sessions apart (RFC 7011 section 2, transport session): it is
	// when the connection was accepted, in nanoseconds since the epoch, or a little
	// later, so that no two are the same. 0 stands for UDP, which has none.
	Session int64
}

// Ends reports whether this is no message but the end of its session. All
// messages have a payload.
func (d *Datagram) Ends() bool { return d.Session != 0 && len(d.Payload) == 0 }

// Count returns how many of ds are datagrams or messages, and not ends.
func Count(ds []Datagram) (n int) {
	for i := range ds {
		if !ds[i].Ends() {
			n++
		}
	}
	return n
}

// Receiver gives datagrams. It is not safe for concurrent use.
type Receiver interface {
	// Receive returns at least one datagram. They are valid until the next call.
	// With none there it waits, and returns os.ErrDeadlineExceeded once the
	// deadline is over and ctx's error once ctx is done. The zero deadline means
	// not to wait at all. io.EOF tells that no more will come.
	Receive(ctx context.Context, deadline time.Time) ([]Datagram, error)
}
