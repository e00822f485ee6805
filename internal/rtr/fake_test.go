package rtr_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/rtr"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// caches are caches as a test plays them: it accepts connections, and reads and
// writes PDUs.
type caches struct {
	t *testing.T

	mu       sync.Mutex
	calls    map[string]chan net.Conn // by address; none is a dead cache
	updates  []update
	failures []error
	log      bytes.Buffer
}

type update struct {
	set vrp.Set
	ok  bool
}

func play(t *testing.T, addresses ...string) *caches {
	c := &caches{t: t, calls: map[string]chan net.Conn{}}
	for _, a := range addresses {
		c.live(a, true)
	}
	return c
}

// run starts a client of the caches, until stop is called.
func (c *caches) run(list ...rtr.Cache) (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	client := rtr.New(rtr.Config{
		Caches: list,
		Dial:   c.dial,
		Log:    slog.New(slog.NewTextHandler(&c.log, nil)),
		Update: func(set vrp.Set, ok bool) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.updates = append(c.updates, update{set, ok})
		},
		Failed: func(err error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.failures = append(c.failures, err)
		},
	})
	done := make(chan struct{})
	go func() { defer close(done); client.Run(ctx) }()
	return func() { cancel(); <-done }
}

var errRefused = errors.New("connection refused")

func (c *caches) dial(ctx context.Context, _, address string) (net.Conn, error) {
	to := c.at(address)
	if to == nil {
		return nil, errRefused
	}
	router, cache := net.Pipe()
	select {
	case to <- cache:
		return router, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *caches) at(address string) chan net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[address]
}

// live brings a cache to life, or has it die.
func (c *caches) live(address string, lives bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, address)
	if lives {
		c.calls[address] = make(chan net.Conn)
	}
}

// accept waits for a connection to a cache.
func (c *caches) accept(address string) *peer { return &peer{c.t, <-c.at(address)} }

func (c *caches) latest() update {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.updates) == 0 {
		return update{}
	}
	return c.updates[len(c.updates)-1]
}

func (c *caches) failed() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]error(nil), c.failures...)
}

// peer is the cache's end of a connection.
type peer struct {
	t    *testing.T
	conn net.Conn
}

// expect reads a PDU of the router.
func (p *peer) expect(want []byte) {
	p.t.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(p.conn, got)
	require.NoError(p.t, err)
	require.Equal(p.t, want, got)
}

// report reads an Error Report of the router and returns its code.
func (p *peer) report() rtr.Code {
	p.t.Helper()
	head := make([]byte, 8)
	_, err := io.ReadFull(p.conn, head)
	require.NoError(p.t, err)
	require.EqualValues(p.t, 10, head[1], "the type of an Error Report")
	body := make([]byte, binary.BigEndian.Uint32(head[4:])-8)
	_, err = io.ReadFull(p.conn, body)
	require.NoError(p.t, err)
	return rtr.Code(binary.BigEndian.Uint16(head[2:]))
}

// send writes PDUs, in one piece.
func (p *peer) send(pdus ...[]byte) {
	p.t.Helper()
	_, err := p.conn.Write(bytes.Join(pdus, nil))
	require.NoError(p.t, err)
}

func (p *peer) close() { _ = p.conn.Close() }

// What PDUs are made of (RFC 8210 5).
func pdu(version, kind byte, field uint16, body ...byte) []byte {
	b := append([]byte{version, kind}, binary.BigEndian.AppendUint16(nil, field)...)
	b = binary.BigEndian.AppendUint32(b, uint32(8+len(body)))
	return append(b, body...)
}

func u32(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func reset(version byte) []byte { return pdu(version, 2, 0) }

func serial(version byte, session uint16, n uint32) []byte {
	return pdu(version, 1, session, u32(n)...)
}

func notify(version byte, session uint16, n uint32) []byte {
	return pdu(version, 0, session, u32(n)...)
}

func response(version byte, session uint16) []byte { return pdu(version, 3, session) }

// end has a refresh interval of 60 s, retry of 20 s and expire of 600 s.
func end(session uint16, n uint32) []byte { return pdu(1, 7, session, u32(n, 60, 20, 600)...) }

func announce(v vrp.VRP) []byte { return prefix(1, 1, v) }
func withdraw(v vrp.VRP) []byte { return prefix(1, 0, v) }

func prefix(version, flags byte, v vrp.VRP) []byte {
	kind := byte(4)
	if !v.Addr.Is4() {
		kind = 6
	}
	body := append([]byte{flags, v.Bits, v.MaxLen, 0}, v.Prefix().Addr().AsSlice()...)
	return pdu(version, kind, 0, append(body, u32(v.ASN)...)...)
}

func failure(version byte, code uint16, text string) []byte {
	body := append(u32(0), u32(uint32(len(text)))...)
	return pdu(version, 10, code, append(body, text...)...)
}

func of(t *testing.T, prefix string, maxLen int, asn uint32) vrp.VRP {
	t.Helper()
	v, err := vrp.New(netip.MustParsePrefix(prefix), maxLen, asn)
	require.NoError(t, err)
	return v
}

// within waits, in the bubble's time.
func within(d time.Duration) { time.Sleep(d) }
