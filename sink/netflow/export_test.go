package netflow

import (
	"bufio"
	"context"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	decode "github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
)

func TestConformance(t *testing.T) {
	for _, scheme := range []string{"ipfix", "netflow9"} {
		sock := listen(t)
		pipelinetest.TestSink(t, func() pipeline.Sink { return Export(scheme + "://" + sock.addr()) })
	}
}

// TestGolden has one template and one record, byte by byte.
func TestGolden(t *testing.T) {
	for scheme, want := range map[string]string{
		"ipfix": "000a 005b 6553f100 00000000 00000007" +
			"0002 0034 0100 0005 0008 0004 000c 0004 000b 0002 0098 0008 0030 0001" +
			"0107 0005 001b 0010 001c 0010 000b 0002 0098 0008 0030 0001" +
			"0100 0017 c0000201 c6336407 01bb 0000018bcfe5416b 00",
		"netflow9": "0009 0003 337f9785 6553f100 00000000 00000007" +
			"0000 0034 0100 0005 0008 0004 000c 0004 000b 0002 0016 0004 0030 0001" +
			"0107 0005 001b 0010 001c 0010 000b 0002 0016 0004 0030 0001" +
			"0100 0014 c0000201 c6336407 01bb 337f70f0 00" + "00",
	} {
		sock := listen(t)
		r := open(t, scheme+"://"+sock.addr(), ObservationDomain(7), Fields("src_addr", "dst_addr", "dst_port", "time_flow_start_ns"))
		r.add(web())
		require.NoError(t, r.write())
		grams := sock.take()
		require.Len(t, grams, 1)
		require.Equal(t, strings.ReplaceAll(want, " ", ""), hex.EncodeToString(grams[0]), scheme)
	}
}

// TestSequence has numbers that count data records in IPFIX and datagrams in v9,
// over several batches, and datagrams that are filled.
func TestSequence(t *testing.T) {
	for _, scheme := range []string{"ipfix", "netflow9"} {
		sock := listen(t)
		r := open(t, scheme+"://"+sock.addr())
		var grams [][]byte
		for range 3 {
			for i := range 200 {
				fl := web()
				if i%2 == 1 {
					fl = web6()
				}
				fl.SetSamplingRate(uint32(1 + i%3))
				r.add(fl)
			}
			require.NoError(t, r.write())
			grams = append(grams, sock.take()...)
			r.fresh()
		}
		next, small := uint32(0), 0
		dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
		for _, g := range grams {
			require.LessOrEqual(t, len(g), defaultMTU)
			if len(g) < defaultMTU-150 {
				small++
			}
			at := 8
			if scheme == "netflow9" {
				at = 12
			}
			require.Equal(t, next, be.Uint32(g[at:]))
			before := dec.count(decode.Flows) + dec.count(decode.OptionsRecords)
			dec.decode([][]byte{g})
			if scheme == "netflow9" {
				next++
			} else {
				next += uint32(dec.count(decode.Flows) + dec.count(decode.OptionsRecords) - before)
			}
		}
		require.LessOrEqual(t, small, 3, "only the last of a batch is not full")
		require.Equal(t, 600, dec.count(decode.Flows))
		require.Equal(t, 3, dec.count(decode.OptionsRecords))
		require.Zero(t, dec.count(decode.LostRecords)+dec.count(decode.LostDatagrams)+dec.count(decode.SequenceResets)+dec.count(decode.LateDatagrams))
		require.EqualValues(t, 600, r.sink.meters.records.Load())
		require.EqualValues(t, len(grams), r.sink.meters.datagrams.Load())
	}
}

func TestTemplatesAreSentAgain(t *testing.T) {
	sock := listen(t)
	r := open(t, "ipfix://"+sock.addr(), TemplateEvery(time.Minute))
	templates := func() uint64 { return r.sink.meters.templates.Load() }
	fl := web()
	fl.SetSamplingRate(10)
	for _, step := range []struct {
		after time.Duration
		want  uint64
	}{{0, 3}, {59 * time.Second, 3}, {time.Second, 6}, {30 * time.Second, 6}, {-time.Hour, 9}} {
		r.now += int64(step.after)
		r.fresh()
		r.add(fl)
		require.NoError(t, r.write())
		require.Equal(t, step.want, templates(), step.after)
	}
	require.EqualValues(t, 3, r.sink.meters.options.Load())
	last := sock.take()
	dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
	got := dec.decode(last[len(last)-1:])
	require.Equal(t, 1, got.Len(), "a collector that begins here understands it")
	flows, _ := got.Raw()
	require.EqualValues(t, 10, flows[0].SamplingRate)
}

func TestRecordLongerThanTheMTU(t *testing.T) {
	sock := listen(t)
	r := open(t, "ipfix://"+sock.addr(), MTU(200), Fields("src_addr", "dst_addr", "user_name"))
	for _, n := range []int{3, 400, 100, 120, 160, 140, 300} {
		fl := r.batch.Next()
		*fl = web()
		r.batch.SetText(fl, flow.FieldUser, strings.Repeat("x", n))
	}
	err := r.write()
	var partial *flow.PartialError
	require.ErrorAs(t, err, &partial)
	require.ErrorIs(t, err, errTooLong)
	require.Equal(t, []uint16{1, 6}, partial.Rows)
	require.EqualValues(t, 2, r.sink.meters.refused.Load())
	grams := sock.take()
	for _, g := range grams {
		require.LessOrEqual(t, len(g), 200)
	}
	dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
	got := dec.decode(grams)
	require.Equal(t, 5, got.Len())
	require.Zero(t, dec.count(decode.LostRecords))
}

func TestRefusedByThePeer(t *testing.T) {
	sock := listen(t)
	r := open(t, "ipfix://"+sock.addr())
	for range 100 {
		r.add(web())
	}
	require.NoError(t, r.write())
	require.NoError(t, sock.conn.Close())
	var err error
	for range 50 { // until the ICMP message is there
		if err = r.write(); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	var partial *flow.PartialError
	require.ErrorAs(t, err, &partial)
	require.EqualValues(t, 99, partial.Rows[len(partial.Rows)-1])
	require.True(t, r.sink.stale, "templates must be sent again")
	sent := r.sink.meters.records.Load()
	require.Zero(t, (sent+uint64(len(partial.Rows)))%100, "each flow is sent or failed")
}

// TestTCP reads messages by the length in their header, and goes on after the
// collector has closed the connection.
func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	r := open(t, "ipfix+tcp://"+l.Addr().String(), MTU(2000))
	for round := range 2 {
		var conn net.Conn
		if round == 0 {
			conn, err = l.Accept()
			require.NoError(t, err)
		}
		r.fresh()
		for range 300 {
			r.add(web(), web6())
			if r.batch.Len() > 500 {
				break
			}
		}
		n := r.batch.Len()
		require.NoError(t, r.write())
		if round == 1 {
			conn, err = l.Accept()
			require.NoError(t, err)
		}
		dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
		in, got := bufio.NewReader(conn), 0
		for got < n {
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
			head, err := in.Peek(4)
			require.NoError(t, err)
			msg := make([]byte, be.Uint16(head[2:]))
			_, err = io.ReadFull(in, msg)
			require.NoError(t, err)
			require.LessOrEqual(t, len(msg), 2000)
			got += dec.decode([][]byte{msg}).Len()
		}
		require.Equal(t, n, got)
		require.Zero(t, in.Buffered())
		require.Zero(t, dec.count(decode.LostRecords)+dec.count(decode.HeldSets)+dec.count(decode.SequenceResets))
		require.NoError(t, conn.Close())
		require.Eventually(t, r.sink.link.gone.Load, 5*time.Second, time.Millisecond)
	}
	require.EqualValues(t, 1, r.sink.meters.reconnects.Load())
	require.NoError(t, l.Close())
	var partial *flow.PartialError
	require.ErrorAs(t, r.write(), &partial)
	require.Len(t, partial.Rows, r.batch.Len())
}

// TestTCPBlockedEndsWithTheContext has a collector that does not read.
func TestTCPBlockedEndsWithTheContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	r := open(t, "ipfix+tcp://"+l.Addr().String())
	for range 512 {
		r.add(web())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for err == nil {
		err = r.sink.Write(ctx, r.batch)
	}
	var partial *flow.PartialError
	require.ErrorAs(t, err, &partial)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotEmpty(t, partial.Rows)
}

func TestUptimeLeaps(t *testing.T) {
	var c clock
	c.set(now)
	boot := c.boot
	require.Zero(t, c.uptime(now-int64(reach)-5e9, 0))
	require.EqualValues(t, 1, c.strays)
	c.set(now + int64(13*24*time.Hour))
	require.Equal(t, boot, c.boot)
	c.set(now + int64(15*24*time.Hour))
	require.Greater(t, c.boot, boot)
	require.Equal(t, c.uptime(c.now, 0), c.uptime(0, 0))
	require.Less(t, c.headerUptime(), uint32(1<<31))
}

func TestMistakes(t *testing.T) {
	ext := flow.Extension[uint32]("score")
	told := flow.Extension[uint32]("told", flow.IPFIX(9999, 5))
	for want, s := range map[string]pipeline.Sink{
		`does not begin with netflow9://`:                                  Export("udp://a:1"),
		`the host is missing`:                                              Export("ipfix://:4739"),
		`port "x" is no number`:                                            Export("ipfix://a:x"),
		`an MTU of 10 is not from 128 to 65507`:                            Export("ipfix://a", MTU(10)),
		`templates every 0s make no sense`:                                 Export("ipfix://a", TemplateEvery(0)),
		`no fields to export`:                                              Export("ipfix://a", Fields()),
		`no field "nonsense"`:                                              Export("ipfix://a", Fields("nonsense")),
		`field "SrcAddr" is named twice`:                                   Export("ipfix://a", Fields("src_addr", "SrcAddr")),
		`field "cid" has no information element`:                           Export("ipfix://a", Fields("cid")),
		`field "score" has no information element`:                         Export("ipfix://a", Fields("score")),
		`field "told" has no information element in NetFlow v9`:            Export("netflow9://a", Fields("told")),
		`field "user_name" is a text, which NetFlow v9 cannot carry`:       Export("netflow9://a", Fields("user_name")),
		`field "bgp_communities" is a list, which NetFlow v9 cannot carry`: Export("netflow9://a", Fields("bgp_communities")),
		`field "mpls_ttl" has no information element for a list`:           Export("ipfix://a", Fields("mpls_ttl")),
		`an MTU of 128 is too small for records or templates of`:           Export("ipfix://a", MTU(128), Fields(exportable(ipfix)...)),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).To(s).Build(pipeline.WithExtensions(ext, told))
		require.ErrorContains(t, err, want)
	}
}

func TestExtension(t *testing.T) {
	told := flow.Extension[uint32]("told", flow.IPFIX(9999, 5))
	sock := listen(t)
	r := openWith(t, []flow.Extender{told}, "ipfix://"+sock.addr(), Fields("src_addr", "told"))
	fl := r.batch.Next()
	*fl = web()
	told.Set(r.batch, fl, 77)
	require.NoError(t, r.write())
	dec := newDecoder(t, r.symbols, r.layout, decode.Config{Extra: []decode.Mapping{{PEN: 9999, ID: 5, Field: "told"}}})
	got := dec.decode(sock.take())
	flows, _ := got.Raw()
	v, ok := told.Get(got, &flows[0])
	require.True(t, ok)
	require.EqualValues(t, 77, v)
}

func TestSamplersAreBounded(t *testing.T) {
	sock := listen(t)
	r := open(t, "netflow9://"+sock.addr())
	for i := range 300 {
		fl := web()
		fl.SetSamplingRate(uint32(1 + i))
		r.add(fl)
	}
	require.NoError(t, r.write())
	require.EqualValues(t, 45, r.sink.meters.samplers.Load())
	dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
	got, rows := dec.decode(sock.take()).Raw()
	require.Len(t, rows, 300)
	require.EqualValues(t, 255, got[254].SamplingRate)
	require.False(t, got[255].Has(flow.FieldSamplingRate))
	require.Zero(t, dec.count(decode.LostDatagrams))
}

func TestNoAllocation(t *testing.T) {
	sock := listen(t)
	r := open(t, "ipfix://"+sock.addr())
	for range 200 {
		a, b := web(), web6()
		a.SetSamplingRate(3)
		b.SetSamplingRate(4)
		r.add(a, b)
	}
	require.NoError(t, r.write())
	require.LessOrEqual(t, testing.AllocsPerRun(20, func() { _ = r.write() }), 3.0)
}

func TestRetryReconnects(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	got := make(chan int, 1)
	go func() {
		conn, _ := l.Accept()
		_ = conn.Close() // the first one is cut off
		total := 0
		conn, err := l.Accept()
		if err == nil {
			buf := make([]byte, 1<<16)
			for {
				n, err := conn.Read(buf)
				total += n
				if err != nil {
					break
				}
			}
			_ = conn.Close()
		}
		got <- total
	}()
	count := sink.Count()
	slow := pipeline.TransformFunc(pause)
	err = pipeline.From(pipelinetest.Generate(3000, 1)).Through(slow).
		To(count, pipeline.Retry(Export("ipfix+tcp://"+l.Addr().String()), pipeline.Backoff{First: time.Millisecond, Attempts: 50})).
		Run(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3000, count.Flows())
	_ = l.Close()
	require.Positive(t, <-got)
}

// TestShortRecords has sets that must not be padded, since padding would be read
// as more records.
func TestShortRecords(t *testing.T) {
	for _, scheme := range []string{"ipfix", "netflow9"} {
		sock := listen(t)
		r := open(t, scheme+"://"+sock.addr(), Fields("proto"))
		for i := range 7 {
			fl := web()
			if i > 3 {
				fl = web6()
			}
			r.add(fl)
		}
		require.NoError(t, r.write())
		dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
		require.Equal(t, 7, dec.decode(sock.take()).Len())
		require.Zero(t, dec.count(decode.SetTruncated)+dec.count(decode.RecordTruncated))
	}
}
