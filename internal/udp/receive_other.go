//go:build !linux || 386 || s390x

package udp

import (
	"net"
	"net/netip"
	"os"
	"syscall"
)

const (
	// CanShare tells whether several sockets can share a port.
	CanShare = false
	// KnowsDrops tells whether the kernel tells what it dropped.
	KnowsDrops = false
)

func prepare(syscall.RawConn, bool) error { return nil }

// grow asks for a receive buffer, half of it where that is too much, and so on.
func grow(conn *net.UDPConn, _ syscall.RawConn, size int) (err error) {
	for ; size >= 64<<10; size /= 2 {
		if err = conn.SetReadBuffer(size); err == nil {
			return nil
		}
	}
	return err
}

// receiver takes one datagram at a time.
type receiver struct {
	conn *net.UDPConn
	buf  []byte
	last message
}

func (r *receiver) init(s *Socket, c *Config) {
	r.conn = s.conn
	r.buf = make([]byte, c.MaxDatagram+1) // a byte more shows what is longer
}

func (r *receiver) wait() (int, error) {
	n, from, err := r.conn.ReadFromUDPAddrPort(r.buf)
	if err != nil {
		return 0, err
	}
	size := min(n, len(r.buf)-1)
	r.last = message{
		payload:   r.buf[:size:size],
		from:      netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port()),
		truncated: n > size,
	}
	return 1, nil
}

// poll receives nothing: the runtime cannot be asked without waiting.
func (r *receiver) poll() (int, error) { return 0, os.ErrDeadlineExceeded }

func (r *receiver) message(int) message { return r.last }
func (r *receiver) drops() uint64       { return 0 }
func (r *receiver) bufferSize() int     { return 0 }
