package netflow_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/internal/stream/certtest"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	to "github.com/flowpipeline/pipeline/sink/netflow"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/source/replay"
)

// connect opens a session.
func (c *collector) connect() net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.at.String())
	require.NoError(c.t, err)
	c.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// write sends messages in pieces that do not care where they begin.
func (c *collector) write(to io.Writer, messages ...[]byte) {
	c.t.Helper()
	for piece := range slices.Chunk(bytes.Join(messages, nil), 500) {
		_, err := to.Write(piece)
		require.NoError(c.t, err)
	}
}

func (c *collector) waitForCounter(name string, n uint64) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return c.pl.Stats().Stages[0].Counters[name] == n }, 10*time.Second, time.Millisecond, name)
}

func TestOverTCP(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		c := start(t, "ipfix+tcp://127.0.0.1:0", nil, pipeline.WithLanes(lanes))
		const sessions, each = 7, 20
		var exporters sync.WaitGroup
		for range sessions {
			conn := c.connect()
			exporters.Go(func() {
				messages := [][]byte{export.IPFIXTemplate(0)}
				for i := range uint32(each) {
					messages = append(messages, export.IPFIXData(i*10, 10))
				}
				c.write(conn, messages...)
				_ = conn.Close()
			})
		}
		exporters.Wait()
		c.waitFor(sessions * each * 10)
		counters := c.stop()
		require.EqualValues(t, sessions*(each+1), counters["datagrams"])
		require.EqualValues(t, sessions, counters["connections"])
		requireNone(t, counters, "lost_records", "sequence_resets", "abandoned_bytes", "failed_connections", "held_sets")
		require.EqualValues(t, sessions, counters["templates"], "each session has its own")
	}
}

func requireNone(t testing.TB, counters map[string]uint64, names ...string) {
	t.Helper()
	for _, name := range names {
		require.Contains(t, counters, name)
		require.Zero(t, counters[name], name)
	}
}

// TestASessionBeginsWithNothing has an exporter start again in the middle, with a
// template, without one, and without ever sending one.
func TestASessionBeginsWithNothing(t *testing.T) {
	c := start(t, "ipfix+tcp://127.0.0.1:0", nil)
	first := c.connect()
	c.write(first, export.IPFIXTemplate(500), export.IPFIXData(500, 3))
	c.waitFor(3)
	require.NoError(t, first.Close())

	second := c.connect()
	c.write(second, export.IPFIXData(0, 4))
	c.waitForCounter("held_sets", 1)
	require.EqualValues(t, 3, c.flows.Load(), "the template was of the session before")
	c.write(second, export.IPFIXTemplate(4), export.IPFIXData(4, 1))
	c.waitFor(8)

	third := c.connect()
	c.write(third, export.IPFIXData(0, 5))
	require.NoError(t, third.Close())
	c.waitForCounter("refused_hold_expired", 1)
	counters := c.stop()
	require.EqualValues(t, 3, counters["connections"])
	requireNone(t, counters, "lost_records", "late_datagrams", "sequence_resets")
}

func TestStopDeliversWhatConnectionsHold(t *testing.T) {
	for _, lanes := range []int{1, 2} {
		c := start(t, "ipfix+tcp://127.0.0.1:0", nil, pipeline.WithLanes(lanes))
		blocked, release := c.block()
		const sessions, each = 4, 50
		for range sessions {
			conn := c.connect()
			messages := [][]byte{export.IPFIXTemplate(0)}
			for i := range uint32(each) {
				messages = append(messages, export.IPFIXData(i*30, 30))
			}
			c.write(conn, messages...)
		}
		<-blocked
		c.cancel()
		release()
		counters := c.stop()
		require.EqualValues(t, sessions*each*30, c.flows.Load())
		require.EqualValues(t, sessions, counters["connections"])
		requireNone(t, counters, "abandoned_bytes", "abandoned_datagrams", "failed_connections")
	}
}

// TestGivenUp has a sink that does not come back before the drain timeout: the run
// ends all the same, and nothing is left of it.
func TestGivenUp(t *testing.T) {
	c := start(t, "ipfix+tcp://127.0.0.1:0", nil, pipeline.WithLanes(2), pipeline.WithDrainTimeout(50*time.Millisecond))
	blocked, release := c.block()
	conn := c.connect()
	c.write(conn, export.IPFIXTemplate(0), export.IPFIXData(0, 30))
	<-blocked
	for i := range uint32(100) {
		c.write(conn, export.IPFIXData(30+i*30, 30))
	}
	c.cancel()
	time.AfterFunc(200*time.Millisecond, release)
	require.ErrorIs(t, <-c.done, pipeline.ErrDrainTimeout)
	require.NotZero(t, c.pl.Stats().Stages[0].Counters["connections"])
}

func TestCountsWhatIsWrongOverTCP(t *testing.T) {
	c := start(t, "ipfix+tcp://127.0.0.1:0", []netflow.Option{netflow.IdleTimeout(time.Minute)})
	good := c.connect()
	c.write(good, export.IPFIXTemplate(0), export.IPFIXData(0, 5))
	c.waitFor(5)

	c.write(c.connect(), export.V5(0, 1)) // no message of IPFIX
	c.waitForCounter("broken_connections", 1)
	cut := c.connect()
	c.write(cut, export.IPFIXTemplate(0), export.IPFIXData(0, 5)[:30])
	c.waitForCounter("templates", 2)
	require.NoError(t, cut.Close())
	c.waitForCounter("failed_connections", 1)

	c.write(good, export.IPFIXData(5, 5))
	c.waitFor(10)
	counters := c.stop()
	require.EqualValues(t, len(export.V5(0, 1))+30, counters["abandoned_bytes"])
	require.EqualValues(t, 3, counters["connections"])
	require.EqualValues(t, 4, counters["datagrams"])

	c = start(t, "ipfix+tcp://127.0.0.1:0", []netflow.Option{netflow.MaxConnections(1)})
	c.write(c.connect(), export.IPFIXTemplate(0))
	c.waitForCounter("templates", 1)
	c.refused()
	c.waitForCounter("refused_connections", 1)
	c.stop()

	c = start(t, "ipfix+tcp://127.0.0.1:0", []netflow.Option{netflow.Allow(netip.MustParsePrefix("192.0.2.0/24"))})
	c.refused()
	c.waitForCounter("refused_exporters", 1)
	requireNone(t, c.stop(), "connections")
}

// refused opens a connection that is reset, maybe at once.
func (c *collector) refused() {
	if conn, err := net.Dial("tcp", c.at.String()); err == nil {
		c.t.Cleanup(func() { _ = conn.Close() })
	}
}

// TestRecordsSessions replays a recording, in which templates of the same number
// mean something else in each session.
func TestRecordsSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.dgram.zst")
	flows := 0
	for range 2 { // the second run goes on behind the first
		c := start(t, "ipfix+tcp://127.0.0.1:0", []netflow.Option{netflow.Record(path)}, pipeline.WithLanes(2))
		a, b := c.connect(), c.connect()
		c.write(a, export.IPFIXTemplate(0), export.IPFIXData(0, 5))
		c.write(b, export.IPFIXData(1000, 6))
		c.waitForCounter("held_sets", 1)
		require.NoError(t, b.Close())
		c.waitForCounter("refused_hold_expired", 1)
		c.write(a, export.IPFIXData(5, 7))
		c.waitFor(12)
		requireNone(t, c.stop(), "lost_records", "unrecorded_datagrams")
		flows += 12
	}
	count := sink.Count()
	pl, err := pipeline.From(replay.File(path)).To(count).Build()
	require.NoError(t, err)
	require.NoError(t, pl.Run(t.Context()))
	require.EqualValues(t, flows, count.Flows())
	counters := pl.Stats().Stages[0].Counters
	require.EqualValues(t, 8, counters["datagrams"])
	require.EqualValues(t, 2, counters["refused_hold_expired"])
	requireNone(t, counters, "lost_records", "sequence_resets", "released_sets")
}

func TestOverTLS(t *testing.T) {
	own := certtest.New(t)
	config := &tls.Config{Certificates: []tls.Certificate{own.Certificate()}, ClientCAs: own.Pool, ClientAuth: tls.RequireAndVerifyClientCert}
	c := start(t, "ipfix+tls://127.0.0.1:0", []netflow.Option{netflow.TLS(config)})
	stranger, err := tls.Dial("tcp", c.at.String(), &tls.Config{RootCAs: own.Pool})
	if err == nil { // the refusal comes later, in TLS 1.3
		defer func() { _ = stranger.Close() }()
	}
	c.waitForCounter("failed_handshakes", 1)

	conn, err := tls.Dial("tcp", c.at.String(), &tls.Config{RootCAs: own.Pool, Certificates: []tls.Certificate{own.Certificate()}})
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	c.write(conn, export.IPFIXTemplate(0), export.IPFIXData(0, 20), export.IPFIXData(20, 20))
	c.waitFor(40)
	counters := c.stop()
	require.EqualValues(t, 2, counters["connections"])
	require.EqualValues(t, 3, counters["datagrams"])
}

// TestOwnExporter has package sink/netflow export to us, twice, as if it had been
// started again.
func TestOwnExporter(t *testing.T) {
	c := start(t, "ipfix+tcp://127.0.0.1:0", nil, pipeline.WithLanes(2))
	var sent, octets int64
	for seed := range uint64(2) {
		look := pipeline.Each(func(fl *flow.Flow) {
			sent++
			octets += int64(fl.Bytes)
		})
		plan := pipeline.From(pipelinetest.Generate(20_000, seed)).Through(look).To(to.Export("ipfix+tcp://" + c.at.String()))
		pipelinetest.Run(t, plan)
	}
	c.waitFor(int(sent))
	require.Equal(t, octets, c.bytes.Load())
	counters := c.stop()
	require.EqualValues(t, 40_000, sent)
	require.EqualValues(t, 2, counters["connections"])
	requireNone(t, counters, "lost_records", "late_datagrams", "sequence_resets", "held_sets", "failed_connections", "abandoned_bytes")
}

// TestCollectorRestarts has our own exporter outlive a collector.
func TestCollectorRestarts(t *testing.T) {
	c := start(t, "ipfix+tcp://127.0.0.1:0", nil)
	ch := make(chan flow.Flow)
	src := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		select {
		case fl, ok := <-ch:
			if !ok {
				return io.EOF
			}
			*b.Next() = fl
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	done := make(chan error, 1)
	retry := pipeline.Retry(to.Export("ipfix+tcp://"+c.at.String()), pipeline.Backoff{First: time.Millisecond, Attempts: 1000})
	go func() { done <- pipeline.From(src).To(retry).Run(t.Context()) }()
	var fl flow.Flow
	fl.SetBytes(100)
	ch <- fl
	c.waitFor(1)
	at := c.at.String()
	c.stop()
	again := start(t, "ipfix+tcp://"+at, nil)
	ch <- fl
	again.waitFor(1)
	close(ch)
	require.NoError(t, <-done)
	requireNone(t, again.stop(), "held_sets", "lost_records")
}

func TestMistakesOverTCP(t *testing.T) {
	for want, src := range map[string]pipeline.Source{
		"needs the option TLS":         netflow.Listen("ipfix+tls://:0"),
		"but no address with TLS":      netflow.Listen("ipfix+tcp://:0", netflow.TLS(&tls.Config{})),
		"connections are not 1":        netflow.Listen("ipfix+tcp://:0", netflow.MaxConnections(0)),
		"an idle timeout of -1ns":      netflow.Listen("ipfix+tcp://:0", netflow.IdleTimeout(0)),
		"the scheme is not netflow or": netflow.Listen("netflow+tcp://:0"),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
	taken := start(t, "ipfix+tcp://127.0.0.1:0", nil)
	err := pipeline.From(netflow.Listen("ipfix+tcp://" + taken.at.String())).To(sink.Discard()).Run(t.Context())
	require.ErrorContains(t, err, "address already in use")
	taken.stop()
}
