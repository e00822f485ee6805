package netflow_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
)

// BenchmarkStream sends IPFIX of 30 flows a message over one TCP connection within
// the process: to a loop that reads and does nothing, and to the source in a
// pipeline that does nothing else. Both cost what it takes to send.
func BenchmarkStream(b *testing.B) {
	const messages = 64
	some := bytes.Repeat(export.IPFIXData(0, perDatagram), messages)
	write := func(b *testing.B, at string) {
		conn, err := net.Dial("tcp", at)
		require.NoError(b, err)
		_, err = conn.Write(export.IPFIXTemplate(0))
		require.NoError(b, err)
		for b.Loop() {
			if _, err := conn.Write(some); err != nil {
				b.Fatal(err)
			}
		}
		require.NoError(b, conn.Close())
	}
	report := func(b *testing.B) {
		flows := float64(b.N) * messages * perDatagram
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/flows, "ns/flow")
		b.SetBytes(int64(len(some)))
	}
	b.Run("floor", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(b, err)
		done := make(chan struct{})
		go func() {
			defer close(done)
			conn, err := l.Accept()
			for p := make([]byte, 64<<10); err == nil; {
				_, err = conn.Read(p)
			}
		}()
		write(b, l.Addr().String())
		<-done
		report(b)
		require.NoError(b, l.Close())
	})
	b.Run("netflow", func(b *testing.B) {
		at := make(chan netip.AddrPort, 1)
		count := sink.Count()
		pl, err := pipeline.From(netflow.Listen("ipfix+tcp://127.0.0.1:0", netflow.OnListen(func(a netip.AddrPort) { at <- a }))).To(count).Build()
		require.NoError(b, err)
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- pl.Run(ctx) }()
		write(b, (<-at).String())
		cancel()
		require.NoError(b, <-done)
		report(b)
		require.EqualValues(b, b.N*messages*perDatagram, count.Flows())
	})
}
