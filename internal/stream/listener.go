package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// pause is how long no connection is accepted after one could not be.
const pause = time.Second

// Listener accepts connections. All methods may be called concurrently.
type Listener struct {
	c       Config
	ports   []*net.TCPListener
	buffers sync.Pool // of *[]byte, each maxMessage long

	quit      chan struct{} // closed when no more connections are accepted
	accepting sync.WaitGroup
	stop      sync.Once
	draining  atomic.Bool

	mu      sync.Mutex
	conns   map[*conn]struct{}
	session int64 // the latest

	connections, refused, excess, handshakes, broken, failed, idle, abandoned atomic.Uint64

	complaints complaints
}

// Listen opens the addresses. Port 0 stands for one that is free.
func Listen(ctx context.Context, c Config) (*Listener, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	l := &Listener{c: c, quit: make(chan struct{}), conns: map[*conn]struct{}{}}
	l.complaints.log = c.Logger
	l.buffers.New = func() any {
		p := make([]byte, maxMessage)
		return &p
	}
	var lc net.ListenConfig // which has the system probe silent connections
	for _, a := range c.Addresses {
		p, err := lc.Listen(ctx, "tcp", a.HostPort)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.ports = append(l.ports, p.(*net.TCPListener))
	}
	return l, nil
}

// Addrs returns the addresses that it listens at, in the order of the
// configuration.
func (l *Listener) Addrs() (at []netip.AddrPort) {
	for _, p := range l.ports {
		at = append(at, addrPort(p.Addr()))
	}
	return at
}

// Serve begins to accept connections, each of which joins the lane that has the
// fewest receivers. It is called once, and does not wait.
func (l *Listener) Serve(lanes []*datagram.Joined) {
	for i, p := range l.ports {
		var secure *tls.Config
		if l.c.Addresses[i].TLS {
			secure = l.c.TLS
		}
		l.accepting.Go(func() { l.accept(p, secure, lanes) })
	}
}

func (l *Listener) accept(p *net.TCPListener, secure *tls.Config, lanes []*datagram.Joined) {
	allow := datagram.Allow(l.c.Allow)
	for {
		tc, err := p.AcceptTCP()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil: // no more files, most likely
			l.c.Logger.Error("no connection can be accepted", "address", p.Addr(), "error", err)
			select {
			case <-l.quit:
				return
			case <-time.After(pause):
			}
			continue
		}
		from := addrPort(tc.RemoteAddr())
		if !allow.Has(from.Addr()) {
			l.refuse(tc, &l.refused)
			continue
		}
		c := l.admit(tc, from, secure)
		if c == nil {
			l.refuse(tc, &l.excess)
			continue
		}
		lane := lanes[0]
		for _, other := range lanes[1:] {
			if other.Live() < lane.Live() {
				lane = other
			}
		}
		lane.Add(c) // or the run has ended, and Close closes it
	}
}

// refuse resets a connection.
func (l *Listener) refuse(c *net.TCPConn, count *atomic.Uint64) {
	count.Add(1)
	_ = c.SetLinger(0)
	_ = c.Close()
}

// admit makes a session of a connection; nil when there are too many.
func (l *Listener) admit(tc *net.TCPConn, from netip.AddrPort, secure *tls.Config) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= l.c.Connections {
		return nil
	}
	l.connections.Add(1)
	l.session = max(l.session+1, l.c.Now())
	c := &conn{l: l, in: tc, from: from, session: l.session, waits: time.Now()}
	if secure != nil {
		c.secure = tls.Server(tc, secure)
		c.in = c.secure
	}
	c.mem = l.buffers.Get().(*[]byte)
	c.frames.buf = *c.mem
	l.conns[c] = struct{}{}
	return c
}

// release forgets a connection that nobody uses any more.
func (l *Listener) release(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	l.buffers.Put(c.mem)
}

// Drain accepts the connections that wait already, and no more. All end by
// themselves once they have given what the kernel holds of them.
func (l *Listener) Drain() { l.stop.Do(l.drain) }

func (l *Listener) drain() {
	close(l.quit)
	for _, p := range l.ports {
		_ = p.SetDeadline(time.Now().Add(moment))
	}
	l.accepting.Wait()
	for _, p := range l.ports {
		_ = p.Close() // nothing is left to be told of
	}
	l.draining.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.in.SetReadDeadline(time.Now().Add(moment))
	}
}

// Close closes all connections, which must not be in a datagram.Joined that is
// open. What the kernel still held is lost.
func (l *Listener) Close() {
	l.Drain()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if !c.over {
			c.end(nil, nil)
		}
	}
	clear(l.conns)
}

// Counts returns what was done, also after Close.
func (l *Listener) Counts() Counts {
	return Counts{
		Connections: l.connections.Load(), Refused: l.refused.Load(), Excess: l.excess.Load(), Handshakes: l.handshakes.Load(),
		Broken: l.broken.Load(), Failed: l.failed.Load(), Idle: l.idle.Load(), Abandoned: l.abandoned.Load(),
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	at := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}
