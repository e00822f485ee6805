package stream

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

const (
	handshakeTimeout = 10 * time.Second
	// moment is how long a drain waits for what the kernel holds.
	moment = 5 * time.Millisecond
	// maxDrain is how many bytes a draining connection reads: more than kernels
	// usually hold for one.
	maxDrain = 16 << 20
)

// conn is one connection, which is a session (RFC 7011 section 2). It implements
// datagram.Receiver.
type conn struct {
	l       *Listener
	in      net.Conn
	secure  *tls.Conn // until its handshake; nil for none
	from    netip.AddrPort
	session int64

	frames frames
	mem    *[]byte // of frames
	out    []datagram.Datagram

	unwatch func() bool
	waits   time.Time // since when nothing came
	begun   bool      // a message came
	over    bool      // nothing more comes
	drained int       // bytes read while draining
}

// Receive implements datagram.Receiver. The context is the same in each call. A
// failure is counted and logged here, and gives io.EOF behind the session's end.
func (c *conn) Receive(ctx context.Context, deadline time.Time) ([]datagram.Datagram, error) {
	if deadline.IsZero() {
		return nil, os.ErrDeadlineExceeded
	}
	if c.unwatch == nil {
		c.unwatch = context.AfterFunc(ctx, func() { _ = c.in.SetReadDeadline(time.Unix(1, 0)) })
	}
	if len(c.out) > 0 {
		c.out, c.waits = c.out[:0], time.Now()
	}
	for !c.over {
		if err := c.receive(ctx, deadline); err != nil {
			return nil, err
		}
		if len(c.out) > 0 {
			return c.out, nil
		}
	}
	c.l.release(c)
	return nil, io.EOF
}

// receive makes one step: the handshake, some messages, or the end. It returns
// the errors of the deadline and the context alone.
func (c *conn) receive(ctx context.Context, deadline time.Time) error {
	if c.secure != nil {
		return c.handshake(ctx)
	}
	n, err := c.read(ctx, deadline)
	switch {
	case n > 0: // an error comes again
		c.cut(n)
	case ctx.Err() != nil:
		return ctx.Err()
	case err == io.EOF && c.frames.left() == 0, c.l.draining.Load():
		c.end(nil, nil)
	case err == io.EOF:
		c.end(&c.l.failed, fmt.Errorf("%d bytes of a message: %w", c.frames.left(), io.ErrUnexpectedEOF))
	case !os.IsTimeout(err):
		c.end(&c.l.failed, err)
	case time.Since(c.waits) >= c.l.c.Idle:
		c.end(&c.l.idle, fmt.Errorf("nothing came for %v", c.l.c.Idle))
	default:
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (c *conn) handshake(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	err := c.secure.HandshakeContext(limited)
	switch {
	case err == nil:
		c.secure, c.waits = nil, time.Now()
	case ctx.Err() != nil:
		return ctx.Err()
	case c.l.draining.Load():
		c.end(nil, nil)
	default:
		c.end(&c.l.handshakes, fmt.Errorf("TLS handshake: %w", err))
	}
	return nil
}

// read reads once, before the deadline, and before nothing came for too long.
func (c *conn) read(ctx context.Context, deadline time.Time) (int, error) {
	if idle := c.waits.Add(c.l.c.Idle); idle.Before(deadline) {
		deadline = idle
	}
	// What else sets the deadline is looked at after it is set: the beginning of a
	// drain or the end of the context in between would be slept through.
	if err := c.in.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	if c.l.draining.Load() {
		_ = c.in.SetReadDeadline(time.Now().Add(moment)) // as it could be set before
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(c.frames.room())
}

// cut makes messages of n bytes that were read, and of those before.
func (c *conn) cut(n int) {
	now := c.l.c.Now()
	c.waits = time.Now()
	c.frames.end += n
	for {
		payload, err := c.frames.next()
		if err != nil {
			c.end(&c.l.broken, err)
			return
		}
		if payload == nil {
			break
		}
		c.begun = true
		c.out = append(c.out, datagram.Datagram{Payload: payload, From: c.from, Received: now, Session: c.session})
	}
	if c.l.draining.Load() {
		if c.drained += n; c.drained >= maxDrain {
			c.end(nil, nil)
		}
	}
}

// end closes the connection, and counts and logs why, unless nothing is wrong.
// The lane is told when it knows the session.
func (c *conn) end(count *atomic.Uint64, cause error) {
	c.over = true
	if c.unwatch != nil {
		c.unwatch()
	}
	_ = c.in.Close() // all that came was read
	c.l.abandoned.Add(uint64(c.frames.left()))
	if count != nil {
		count.Add(1)
		c.l.complaints.add("a connection was closed", c.from, cause)
	}
	if c.begun {
		c.out = append(c.out, datagram.Datagram{From: c.from, Received: c.l.c.Now(), Session: c.session})
	}
}
