package netflow

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	decode "github.com/flowpipeline/pipeline/internal/netflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const now = 1_700_000_000_123_456_789

// socket is a collector's.
type socket struct {
	t    testing.TB
	conn *net.UDPConn
}

func listen(t testing.TB) *socket {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadBuffer(4<<20))
	t.Cleanup(func() { _ = conn.Close() })
	return &socket{t, conn}
}

func (s *socket) addr() string { return s.conn.LocalAddr().String() }

// take returns the datagrams that have come.
func (s *socket) take() (all [][]byte) {
	buf := make([]byte, 1<<16)
	for {
		require.NoError(s.t, s.conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		n, err := s.conn.Read(buf)
		if err != nil {
			return all
		}
		all = append(all, append([]byte(nil), buf[:n]...))
	}
}

// rig is an open sink, and a batch to fill.
type rig struct {
	t       testing.TB
	sink    *exporter
	owner   *flow.Owner
	batch   *flow.Batch
	symbols *flow.Symbols
	layout  *flow.Layout
	now     int64
}

func open(t testing.TB, target string, opts ...Option) *rig {
	t.Helper()
	return openWith(t, nil, target, opts...)
}

func openWith(t testing.TB, exts []flow.Extender, target string, opts ...Option) *rig {
	t.Helper()
	c, err := newConfig(target, opts)
	require.NoError(t, err)
	layout, err := flow.NewLayout(exts...)
	require.NoError(t, err)
	s := &exporter{config: c, link: link{network: c.proto.network, address: c.address}}
	require.NoError(t, s.Bind(layout))
	require.NoError(t, s.Open(t.Context(), pipeline.Env{}))
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	symbols := flow.NewSymbols(0)
	r := &rig{t: t, sink: s, symbols: symbols, layout: layout, now: now}
	r.owner = flow.NewOwner(flow.OwnerConfig{Size: 512, Layout: layout, Symbols: symbols})
	r.fresh()
	return r
}

// fresh begins a batch.
func (r *rig) fresh() {
	if r.batch != nil {
		r.owner.Finish(nil)
	}
	r.batch = r.owner.Begin(r.now, time.Time{})
}

func (r *rig) write() error { return r.sink.Write(context.Background(), r.batch) }

// decoder decodes what was exported.
type decoder struct {
	t      testing.TB
	dec    *decode.Decoder
	config flow.OwnerConfig
}

func newDecoder(t testing.TB, symbols *flow.Symbols, layout *flow.Layout, cfg decode.Config) *decoder {
	t.Helper()
	dec, err := decode.NewDecoder(decode.NewStore(cfg), cfg, symbols.Quota(1000), layout)
	require.NoError(t, err)
	return &decoder{t, dec, flow.OwnerConfig{Size: 2000, Layout: layout, Symbols: symbols}}
}

// decode returns the flows in one batch.
func (d *decoder) decode(grams [][]byte) *flow.Batch {
	b := flow.NewOwner(d.config).Begin(now, time.Time{})
	for _, g := range grams {
		d.dec.Begin(g, netip.MustParseAddrPort("127.0.0.1:9"), now)
		require.True(d.t, d.dec.Fill(b))
	}
	return b
}

func (d *decoder) count(r decode.Reason) int { return int(d.dec.Counters()[r]) }

func web() flow.Flow {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.7"))
	fl.SetEtherType(flow.EtherTypeIPv4)
	fl.SetSrcPort(50000)
	fl.SetDstPort(443)
	fl.SetProto(flow.ProtoTCP)
	fl.SetTCPFlags(0x12)
	fl.SetBytes(12500)
	fl.SetPackets(20)
	fl.SetTimeStart(now - 10e9)
	fl.SetTimeEnd(now - 1e9)
	return fl
}

func web6() flow.Flow {
	fl := web()
	fl.SetSrcAddr(flow.MustParseAddr("2001:db8::1"))
	fl.SetDstAddr(flow.MustParseAddr("2001:db8::2"))
	fl.SetEtherType(flow.EtherTypeIPv6)
	return fl
}

func (r *rig) add(flows ...flow.Flow) {
	for i := range flows {
		*r.batch.Next() = flows[i]
	}
}

func pause(context.Context, *flow.Batch) error {
	time.Sleep(5 * time.Millisecond)
	return nil
}
