package udp

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// Socket receives datagrams. Receive must not be called concurrently; the other
// methods may.
type Socket struct {
	conn  *net.UDPConn
	raw   syscall.RawConn
	now   func() int64
	allow *datagram.Allowed
	in    receiver // what the system offers
	out   []datagram.Datagram

	watched context.Context // whose end wakes Receive
	unwatch func() bool

	datagrams, bytes, refused, truncated atomic.Uint64
	drops                                atomic.Uint64 // when the socket was closed
	closed                               atomic.Bool
}

// message is a datagram as the system gave it.
type message struct {
	payload   []byte
	from      netip.AddrPort
	truncated bool
}

func newSocket(conn *net.UDPConn, raw syscall.RawConn, c *Config) *Socket {
	s := &Socket{conn: conn, raw: raw, now: c.Now, allow: datagram.Allow(c.Allow)}
	s.in.init(s, c)
	s.out = make([]datagram.Datagram, 0, c.Batch)
	return s
}

// Receive implements datagram.Receiver.
func (s *Socket) Receive(ctx context.Context, deadline time.Time) ([]datagram.Datagram, error) {
	for {
		n, err := s.take(ctx, deadline)
		if err != nil {
			return nil, err
		}
		if s.keep(n); len(s.out) > 0 {
			return s.out, nil
		}
	}
}

// take receives what is there, and waits for it unless the deadline is zero.
func (s *Socket) take(ctx context.Context, deadline time.Time) (int, error) {
	if deadline.IsZero() {
		return s.in.poll()
	}
	s.watch(ctx)
	// The context is looked at after the deadline is set: if it ends before,
	// Err tells; if it ends after, the deadline that its end sets stays.
	if err := s.conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.in.wait()
	if err != nil && os.IsTimeout(err) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, os.ErrDeadlineExceeded
	}
	return n, err
}

// watch has the end of ctx wake Receive.
func (s *Socket) watch(ctx context.Context) {
	if ctx == s.watched {
		return
	}
	if s.unwatch != nil {
		s.unwatch()
	}
	s.watched = ctx
	s.unwatch = context.AfterFunc(ctx, func() { _ = s.conn.SetReadDeadline(time.Unix(1, 0)) })
}

// keep makes datagrams of messages.
func (s *Socket) keep(n int) {
	s.out = s.out[:0]
	now := s.now()
	var bytes, refused, truncated uint64
	for i := range n {
		m := s.in.message(i)
		bytes += uint64(len(m.payload))
		if m.truncated {
			truncated++
		}
		if !s.allow.Has(m.from.Addr()) {
			refused++
			continue
		}
		s.out = append(s.out, datagram.Datagram{Payload: m.payload, From: m.from, Received: now})
	}
	s.datagrams.Add(uint64(n))
	s.bytes.Add(bytes)
	s.refused.Add(refused)
	s.truncated.Add(truncated)
}

// Counts returns what the socket did, also after Close.
func (s *Socket) Counts() Counts {
	c := Counts{
		Datagrams: s.datagrams.Load(), Bytes: s.bytes.Load(), Refused: s.refused.Load(), Truncated: s.truncated.Load(),
		KernelDrops: s.drops.Load(), KnowsDropped: KnowsDrops,
	}
	if !s.closed.Load() {
		c.KernelDrops = s.in.drops()
	}
	return c
}

// ReceiveBuffer returns how many bytes the kernel holds for the socket, its own
// bookkeeping among them; 0 where it does not tell.
func (s *Socket) ReceiveBuffer() int { return s.in.bufferSize() }

// Addr returns the address that the socket listens at.
func (s *Socket) Addr() netip.AddrPort {
	a := s.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Close closes the socket. A Receive that waits returns net.ErrClosed. What the
// kernel still held is lost.
func (s *Socket) Close() error {
	if s.closed.Load() {
		return nil
	}
	s.drops.Store(s.in.drops())
	s.closed.Store(true)
	if s.unwatch != nil {
		s.unwatch()
	}
	return s.conn.Close()
}
