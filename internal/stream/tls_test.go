package stream

import (
	"bytes"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/stream/certtest"
)

func TestTLS(t *testing.T) {
	own, other := certtest.New(t), certtest.New(t)
	r := serve(t, 1, Config{TLS: &tls.Config{
		Certificates: []tls.Certificate{own.Certificate()}, ClientCAs: own.Pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}})
	stalled := r.dial() // never says a word, and stops nobody

	plain := r.dial()
	write(t, plain, message(100))
	closed(t, plain)
	r.waitFor(func(c Counts) bool { return c.Handshakes == 1 })

	for i, certs := range [][]tls.Certificate{nil, {other.Certificate()}} {
		c, err := tls.Dial("tcp", r.Addrs()[0].String(), &tls.Config{RootCAs: own.Pool, Certificates: certs})
		if err == nil { // the client is told later, in TLS 1.3
			closed(t, c)
			_ = c.Close()
		}
		r.waitFor(func(c Counts) bool { return c.Handshakes == uint64(2+i) })
	}
	require.Contains(t, r.log.String(), "TLS handshake: ")
	r.quiet()

	c, err := tls.Dial("tcp", r.Addrs()[0].String(), &tls.Config{RootCAs: own.Pool, Certificates: []tls.Certificate{own.Certificate()}})
	require.NoError(t, err)
	all := payloads(30)
	write(t, c, bytes.Join(all, nil))
	require.NoError(t, c.Close())
	got := r.receive(0, len(all)+1)
	same(t, all, got[:len(all)])
	require.True(t, got[len(all)].Ends())
	require.Equal(t, c.LocalAddr().(*net.TCPAddr).AddrPort(), got[0].From)
	_ = stalled.Close()
	r.waitFor(func(c Counts) bool { return c.Handshakes == 4 })
	require.Equal(t, Counts{Connections: 5, Handshakes: 4}, r.Counts())
}

func TestDrainWithTLS(t *testing.T) {
	own := certtest.New(t)
	r := serve(t, 1, Config{TLS: &tls.Config{Certificates: []tls.Certificate{own.Certificate()}}})
	r.dial() // its handshake ends with the run
	c, err := tls.Dial("tcp", r.Addrs()[0].String(), &tls.Config{RootCAs: own.Pool})
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	write(t, c, bytes.Repeat(message(1000), 100))
	r.waitFor(func(c Counts) bool { return c.Connections == 2 })
	_, err = r.lanes[0].Receive(t.Context(), time.Now().Add(10*time.Second))
	require.NoError(t, err, "the handshake is over")
	r.Drain()
	_, ends, _ := r.rest()
	require.Equal(t, 1, ends)
	require.Equal(t, Counts{Connections: 2}, r.Counts())
}
