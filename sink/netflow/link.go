package netflow

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

const dialTimeout = 10 * time.Second

// link is the way to the collector.
type link struct {
	network, address string
	conn             net.Conn
	gone             *atomic.Bool  // the collector has closed the connection
	watched          chan struct{} // closed when nobody watches it any more
}

// ready connects if there is no connection, and reports whether it did.
func (l *link) ready(ctx context.Context) (fresh bool, err error) {
	if l.conn != nil && !l.gone.Load() {
		return false, nil
	}
	l.drop()
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, l.network, l.address)
	if err != nil {
		return false, err
	}
	l.conn, l.gone = conn, new(atomic.Bool)
	if l.network == "tcp" {
		// A write to a connection that the collector has closed succeeds at
		// first, and is lost: so watch it.
		gone, watched := l.gone, make(chan struct{})
		l.watched = watched
		go func() {
			defer close(watched)
			_, _ = io.Copy(io.Discard, conn)
			gone.Store(true)
		}()
	}
	return true, nil
}

// write sends one message. Over TCP a failure ends the connection, for what was
// sent of the message cannot be continued.
func (l *link) write(p []byte) error {
	n, err := l.conn.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil && l.network == "tcp" {
		l.drop()
	}
	return err
}

// watch has writes fail when ctx ends, until stop is called.
func (l *link) watch(ctx context.Context) (stop func()) {
	if l.network != "tcp" {
		return func() {} // does not block
	}
	conn := l.conn
	end := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	return func() { end() }
}

// drop closes the connection.
func (l *link) drop() {
	if l.conn == nil {
		return
	}
	_ = l.conn.Close() // what was written is on its way
	l.conn = nil
	if l.watched != nil {
		<-l.watched
		l.watched = nil
	}
}
