package datagram

import (
	"context"
	"net/netip"
	"time"
)

// MaxPayload is the largest payload of a datagram, in bytes.
const MaxPayload = 1<<16 - 1

// Datagram is one UDP payload.
type Datagram struct {
	Payload  []byte
	From     netip.AddrPort // the exporter; never an IPv4-mapped address
	Received int64          // in nanoseconds since the epoch, 0 when unknown
}

// Receiver gives datagrams. It is not safe for concurrent use.
type Receiver interface {
	// Receive returns at least one datagram. They are valid until the next call.
	// With none there it waits, and returns os.ErrDeadlineExceeded once the
	// deadline is over and ctx's error once ctx is done. The zero deadline means
	// not to wait at all. io.EOF tells that no more will come.
	Receive(ctx context.Context, deadline time.Time) ([]Datagram, error)
}
