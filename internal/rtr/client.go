package rtr

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline/internal/vrp"
)

const (
	dialTimeout = 10 * time.Second
	firstRetry  = time.Second // doubles up to the retry interval
)

// Cache is where a cache listens.
type Cache struct {
	Address string // host:port
	TLS     bool
}

// Config says where VRPs come from and who is told. All but TLS must be given.
type Config struct {
	Caches []Cache // the most preferred first
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	TLS    *tls.Config
	Log    *slog.Logger

	// Update is told the VRPs each time that they have changed, and false when
	// there are none any more since the cache has not confirmed them in time. It
	// is never called twice at once.
	Update func(set vrp.Set, ok bool)
	// Failed is told why a session ended or did not come about.
	Failed func(error)
}

// Client keeps the VRPs of the most preferred cache that answers.
type Client struct {
	Config
	down  []bool // by cache: its failure is in the log
	using int    // the cache that the log says is in use

	mu      sync.Mutex
	have    *snapshot // the latest
	of      int       // the cache that it is of
	usable  bool      // that it is, and not expired
	expires time.Time
	expiry  *time.Timer
}

const noCache = -1

// New returns a client that Run starts.
func New(c Config) *Client {
	return &Client{Config: c, down: make([]bool, len(c.Caches)), using: noCache}
}

// errPreferred ends the session with a cache so that a better one is tried.
var errPreferred = errors.New("a more preferred cache is tried")

// Run asks caches until ctx ends.
func (c *Client) Run(ctx context.Context) {
	defer c.stop()
	for failures := 0; ctx.Err() == nil; failures++ {
		worked, err := c.round(ctx)
		if err == errPreferred {
			failures = -1
			continue
		}
		if worked {
			failures = 0
		}
		c.wait(ctx, failures)
	}
}

// round tries one cache after the other until one has worked. err is why the last
// one does no more.
func (c *Client) round(ctx context.Context) (worked bool, err error) {
	for i := range c.Caches {
		worked, err = c.serve(ctx, i)
		if ctx.Err() != nil || err == errPreferred {
			return worked, err
		}
		c.lost(i, err)
		if worked {
			break
		}
	}
	return worked, err
}

// serve has a session with a cache, in the version that it knows. worked tells
// whether the cache told its VRPs.
func (c *Client) serve(ctx context.Context, i int) (worked bool, err error) {
	version := uint8(version1)
	if have := c.latest(i); have != nil {
		version = have.version
	}
	for {
		worked, err = c.session(ctx, i, version)
		var e *Error
		older := errors.As(err, &e) && e.remote && e.Code == UnsupportedVersion && e.version < version
		if !older {
			return worked, err
		}
		version = e.version
	}
}

func (c *Client) session(ctx context.Context, i int, version uint8) (worked bool, err error) {
	conn, err := c.dial(ctx, c.Caches[i])
	if err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	s := newSession(conn, version)
	defer func() {
		s.end(err)
		c.forget(i, worked, err)
	}()
	have := c.latest(i)
	better := time.Now()
	for {
		if err := c.ask(s, i, &have); err != nil {
			return worked, err
		}
		if !worked {
			worked = true
			c.found(i, have)
			better = better.Add(have.times.retry)
		}
		until := time.Now().Add(have.times.refresh)
		if i > 0 && better.Before(until) {
			until = better
		}
		switch err := s.news(have, until); {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return worked, err
		case i > 0 && !time.Now().Before(better):
			return worked, errPreferred
		}
	}
}

// ask brings a snapshot up to date, and tells of it.
func (c *Client) ask(s *session, i int, have **snapshot) error {
	now, changed, err := s.update(*have)
	if err != nil {
		return err
	}
	*have = now
	c.accept(i, now, changed)
	return nil
}

func (c *Client) dial(ctx context.Context, to Cache) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := c.Dial(ctx, "tcp", to.Address)
	if err != nil || !to.TLS {
		return conn, err
	}
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(to.Address)
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secure, nil
}

// wait waits before all caches are tried again.
func (c *Client) wait(ctx context.Context, failures int) {
	most := usual.retry
	if have := c.latest(c.of); have != nil {
		most = have.times.retry
	}
	t := time.NewTimer(min(firstRetry<<min(failures, 12), most))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// found and lost log when a cache comes into use, and when it fails.
func (c *Client) found(i int, have *snapshot) {
	c.down[i] = false
	if c.using == i {
		return
	}
	c.using = i
	c.Log.Info("RTR cache is in use", "cache", c.Caches[i].Address, "version", have.version, "session", have.session, "serial", have.serial, "vrps", len(have.set))
}

func (c *Client) lost(i int, err error) {
	err = fmt.Errorf("RTR cache %s: %w", c.Caches[i].Address, err)
	c.Failed(err)
	if !c.down[i] {
		c.Log.Warn("RTR cache fails", "error", err)
	}
	c.down[i] = true
	if c.using == i {
		c.using = noCache
	}
}
