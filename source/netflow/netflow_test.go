package netflow_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/source/replay"
)

// collector is a pipeline that runs.
type collector struct {
	t      testing.TB
	pl     *pipeline.Pipeline
	at     netip.AddrPort
	flows  atomic.Int64
	bytes  atomic.Int64
	look   atomic.Pointer[func(*flow.Batch)]
	cancel context.CancelFunc
	done   chan error
}

func start(t testing.TB, address string, opts []netflow.Option, build ...pipeline.Option) *collector {
	t.Helper()
	c := &collector{t: t, done: make(chan error, 1)}
	at := make(chan netip.AddrPort, 1)
	opts = append(opts, netflow.OnListen(func(a netip.AddrPort) { at <- a }))
	to := sink.Func("count", func(b *flow.Batch) error {
		if fn := c.look.Load(); fn != nil {
			(*fn)(b)
		}
		for fl := range b.All() {
			c.bytes.Add(int64(fl.Bytes))
		}
		c.flows.Add(int64(b.Len()))
		return nil
	})
	pl, err := pipeline.From(netflow.Listen(address, opts...)).To(to).Build(append(build, pipeline.WithPoison())...)
	require.NoError(t, err)
	c.pl = pl
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	go func() { c.done <- pl.Run(ctx) }()
	t.Cleanup(cancel)
	select {
	case c.at = <-at:
	case err := <-c.done:
		require.NoError(t, err)
	}
	return c
}

func (c *collector) waitFor(flows int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return c.flows.Load() >= int64(flows) }, 10*time.Second, time.Millisecond)
	require.EqualValues(c.t, flows, c.flows.Load())
}

// block has the sink wait for release; blocked tells that it does.
func (c *collector) block() (blocked <-chan struct{}, release func()) {
	waits, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	look := func(*flow.Batch) {
		once.Do(func() { close(waits) })
		<-goOn
	}
	c.look.Store(&look)
	return waits, func() { close(goOn) }
}

// stop ends the run and returns the source's counters.
func (c *collector) stop() map[string]uint64 {
	c.t.Helper()
	c.cancel()
	require.NoError(c.t, <-c.done)
	stats := c.pl.Stats()
	require.NoError(c.t, stats.Check())
	return stats.Stages[0].Counters
}

func TestReceivesAllVersions(t *testing.T) {
	c := start(t, "netflow://127.0.0.1:0", nil)
	look := func(b *flow.Batch) {
		for fl := range b.All() {
			if fl.SrcAddr.Netip() != export.Src || fl.DstPort != export.DstPort || fl.Exporter.String() != "127.0.0.1" || fl.TimeReceived == 0 {
				c.t.Errorf("%+v", fl)
			}
		}
	}
	c.look.Store(&look)
	send := export.Dial(t, c.at)
	send(export.V5(0, 30))
	send(export.IPFIXTemplate(0))
	send(export.IPFIXData(0, 20))
	c.waitFor(50)
	counters := c.stop()
	require.EqualValues(t, 3, counters["datagrams"])
	require.EqualValues(t, len(export.V5(0, 30))+len(export.IPFIXTemplate(0))+len(export.IPFIXData(0, 20)), counters["bytes"])
	require.EqualValues(t, 1, counters["templates"])
	require.Zero(t, counters["kernel_drops"])
	require.Zero(t, counters["lost_records"])
	if runtime.GOOS == "linux" {
		require.NotZero(t, counters["receive_buffer_bytes"])
	}
}

func TestCountsWhatIsMissingOrWrong(t *testing.T) {
	c := start(t, "127.0.0.1:0", nil)
	send := export.Dial(t, c.at)
	send(export.V5(0, 10))
	send(export.V5(15, 10))
	send([]byte("nonsense"))
	send(nil)
	send(export.SFlow(1))
	send(export.V5(25, 10)[:100])
	c.waitFor(20)
	require.Eventually(t, func() bool { return c.pl.Stats().Stages[0].Counters["datagrams"] == 6 }, 10*time.Second, time.Millisecond)
	counters := c.stop()
	require.EqualValues(t, 5, counters["lost_records"])
	require.EqualValues(t, 2, counters["refused_version"])
	require.EqualValues(t, 2, counters["refused_datagram_truncated"])
}

func TestHeldDataComesWithItsTemplate(t *testing.T) {
	c := start(t, "127.0.0.1:0", nil)
	send := export.Dial(t, c.at)
	send(export.IPFIXData(0, 5))
	require.Eventually(t, func() bool { return c.pl.Stats().Stages[0].Counters["held_sets"] == 1 }, 10*time.Second, time.Millisecond)
	send(export.IPFIXTemplate(5))
	c.waitFor(5)
	require.EqualValues(t, 1, c.stop()["released_sets"])
}

func TestBothFamilies(t *testing.T) {
	probe, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		t.Log("no IPv6 here")
		return
	}
	_ = probe.Close()
	c := start(t, ":0", []netflow.Option{netflow.Allow(netip.MustParsePrefix("::1/128"))})
	export.Dial(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), c.at.Port()))(export.V5(0, 1))
	export.Dial(t, netip.AddrPortFrom(netip.IPv6Loopback(), c.at.Port()))(export.V5(0, 2))
	c.waitFor(2)
	counters := c.stop()
	require.EqualValues(t, 1, counters["refused_exporters"])
	require.EqualValues(t, 1, counters["datagrams"])
}

func TestLanes(t *testing.T) {
	c := start(t, "127.0.0.1:0", nil, pipeline.WithLanes(4))
	const exporters, each = 16, 20
	for range exporters {
		send := export.Dial(t, c.at)
		for i := range each {
			send(export.V5(uint32(i*10), 10))
		}
	}
	c.waitFor(exporters * each * 10)
	counters := c.stop()
	require.EqualValues(t, exporters*each, counters["datagrams"])
}

// TestMulticast has two lanes, of which one reads the group.
func TestMulticast(t *testing.T) {
	all, err := net.Interfaces()
	require.NoError(t, err)
	i := slices.IndexFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 })
	require.GreaterOrEqual(t, i, 0, "a loopback interface")
	c := start(t, "netflow://239.255.18.8:0", []netflow.Option{netflow.Interface(all[i].Name)}, pipeline.WithLanes(2))
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.UDPAddr{IP: net.IPv4(239, 255, 18, 8), Port: int(c.at.Port())})
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	for i := range uint32(10) {
		_, err = conn.Write(export.V5(i*3, 3))
		require.NoError(t, err)
	}
	c.waitFor(30)
	counters := c.stop()
	require.EqualValues(t, 10, counters["datagrams"], "each once")
	require.Zero(t, counters["lost_records"])
}

func TestSmallBatches(t *testing.T) {
	c := start(t, "127.0.0.1:0", nil, pipeline.WithBatchSize(7))
	send := export.Dial(t, c.at)
	for i := range 50 {
		send(export.V5(uint32(i*30), 30))
	}
	c.waitFor(1500)
	require.EqualValues(t, 1500*100+1499*1500/2, c.bytes.Load(), "each flow once")
	c.stop()
}

// TestWhatTheKernelHoldsIsDelivered ends the run while datagrams wait.
func TestWhatTheKernelHoldsIsDelivered(t *testing.T) {
	c := start(t, "127.0.0.1:0", nil)
	send := export.Dial(t, c.at)
	blocked, release := c.block()
	send(export.V5(0, 1))
	<-blocked
	for i := range 200 {
		send(export.V5(uint32(1+i*30), 30))
	}
	c.cancel()
	release()
	counters := c.stop()
	require.EqualValues(t, 6001, c.flows.Load())
	require.EqualValues(t, 201, counters["datagrams"])
}

// TestOverload sends more than the pipeline takes: what is lost is counted.
func TestOverload(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	c := start(t, "127.0.0.1:0", []netflow.Option{netflow.ReceiveBuffer(64 << 10)})
	slow := func(*flow.Batch) { time.Sleep(time.Millisecond) }
	c.look.Store(&slow)
	send := export.Dial(t, c.at)
	const sent = 5000
	payload := export.V5(0, 30)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range sent {
		send(payload)
	}
	counters := c.stop()
	runtime.ReadMemStats(&after)
	require.NotZero(t, counters["kernel_drops"])
	require.EqualValues(t, sent, counters["datagrams"]+counters["kernel_drops"]+counters["abandoned_datagrams"])
	require.EqualValues(t, counters["datagrams"]*30, c.flows.Load())
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(32<<20))
}

// TestRestart goes on with the templates of the run before.
func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	opts := []netflow.Option{netflow.Templates(path)}
	c := start(t, "127.0.0.1:0", opts)
	send := export.Dial(t, c.at)
	send(export.IPFIXTemplate(0))
	send(export.IPFIXData(0, 3))
	c.waitFor(3)
	// A crash: what is on disk after a while is all that is left.
	require.Eventually(t, func() bool {
		p, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(p), `"id":300`)
	}, 10*time.Second, 10*time.Millisecond)
	saved, err := os.ReadFile(path)
	require.NoError(t, err)
	c.stop()
	require.NoError(t, os.WriteFile(path, saved, 0o600))

	c = start(t, "127.0.0.1:0", opts)
	export.Dial(t, c.at)(export.IPFIXData(3, 4))
	c.waitFor(4)
	require.Zero(t, c.stop()["held_sets"])
	left, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Equal(t, []string{path}, left, "no temporary files")

	require.NoError(t, os.WriteFile(path, []byte("nonsense"), 0o600))
	c = start(t, "127.0.0.1:0", opts)
	c.stop()
}

// TestMissed has exporters go on between two runs.
func TestMissed(t *testing.T) {
	opts := []netflow.Option{netflow.Templates(filepath.Join(t.TempDir(), "state"))}
	c := start(t, "127.0.0.1:0", opts)
	send := export.Dial(t, c.at)
	send(export.IPFIXTemplate(0))
	send(export.IPFIXData(0, 3))
	send(export.V5(0, 2))
	c.waitFor(5)
	require.Zero(t, c.stop()["missed_records"])

	c = start(t, "127.0.0.1:0", opts)
	send = export.Dial(t, c.at)
	send(export.IPFIXData(10, 3))
	send(export.V5(5, 2))
	c.waitFor(5)
	counters := c.stop()
	require.EqualValues(t, 7+3, counters["missed_records"])
	require.Zero(t, counters["lost_records"])
}

func TestRecordAndReplay(t *testing.T) {
	for _, name := range []string{"a.dgram", "a.dgram.gz", "a.dgram.zst"} {
		path := filepath.Join(t.TempDir(), name)
		total := 0
		for range 2 { // the second run goes on behind the first
			c := start(t, "127.0.0.1:0", []netflow.Option{netflow.Record(path)}, pipeline.WithLanes(2))
			send := export.Dial(t, c.at)
			send(export.IPFIXTemplate(0))
			send(export.IPFIXData(0, 7))
			send(export.V5(0, 4))
			c.waitFor(11)
			require.Zero(t, c.stop()["unrecorded_datagrams"])
			total += 11
		}
		count := sink.Count()
		require.NoError(t, pipeline.From(replay.File(path)).To(count).Run(t.Context()))
		require.EqualValues(t, total, count.Flows(), name)
	}
}

func TestMapping(t *testing.T) {
	protocol := flow.Extension[uint8]("my_protocol")
	c := start(t, "127.0.0.1:0", []netflow.Option{
		netflow.MapExtension(0, 4, protocol),
		netflow.Map(0, 7, "src_as"),
		netflow.DefaultSamplingRate(10),
		netflow.SamplingRate(netip.MustParsePrefix("127.0.0.0/8"), 500),
	})
	look := func(b *flow.Batch) {
		for fl := range b.All() {
			if p, ok := protocol.Get(b, fl); !ok || p != 6 {
				t.Errorf("protocol %v %v", p, ok)
			}
			if fl.SrcAS != export.SrcPort || fl.SamplingRate != 500 {
				t.Errorf("%d %d", fl.SrcAS, fl.SamplingRate)
			}
		}
	}
	c.look.Store(&look)
	send := export.Dial(t, c.at)
	send(export.IPFIXTemplate(0))
	send(export.IPFIXData(0, 3))
	c.waitFor(3)
	c.stop()
}

func TestMistakes(t *testing.T) {
	for want, src := range map[string]pipeline.Source{
		"the scheme is not":   netflow.Listen("sflow://:2055"),
		"is not host:port":    netflow.Listen("nonsense"),
		"receive buffer":      netflow.Listen(":0", netflow.ReceiveBuffer(0)),
		"longest datagram":    netflow.Listen(":0", netflow.MaxDatagram(3)),
		"no address of a mul": netflow.Listen(":0", netflow.Interface("eth0")),
		"no field":            netflow.Listen(":0", netflow.Map(0, 1, "nonsense")),
		"not valid":           netflow.Listen(":0", netflow.Allow(netip.Prefix{})),
		"is 0":                netflow.Listen(":0", netflow.SamplingRate(netip.MustParsePrefix("::/0"), 0)),
		"of ::/1 is 0":        netflow.Listen(":0", netflow.DefaultSamplingRate(0, netip.MustParsePrefix("::/1"))),
		"below 0":             netflow.Listen(":0", netflow.MaxTemplates(0)),
		"prefix of a sampl":   netflow.Listen(":0", netflow.SamplingRate(netip.Prefix{}, 1)),
		"a time to keep some": netflow.Listen(":0", netflow.TemplateTTL(0)),
	} {
		_, err := pipeline.From(src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
	for _, opt := range []netflow.Option{netflow.Record("/no/such/directory/x"), netflow.Templates("/no/such/directory/x")} {
		err := pipeline.From(netflow.Listen("127.0.0.1:0", opt)).To(sink.Discard()).Run(t.Context())
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	taken := start(t, "127.0.0.1:0", nil)
	err := pipeline.From(netflow.Listen(taken.at.String())).To(sink.Discard()).Run(t.Context())
	require.ErrorContains(t, err, "address already in use")
	taken.stop()
}
