package flowtable

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// feeder drives a table and keeps what it writes.
type feeder struct {
	table *Table
	owner *flow.Owner
	batch *flow.Batch
	flows []flow.Flow
}

func newFeeder(c Config, size int) *feeder {
	f := &feeder{table: New(c), owner: flow.NewOwner(flow.OwnerConfig{Size: size})}
	f.batch = f.owner.Begin(0, time.Time{})
	return f
}

// until calls fn on fresh batches until it is done.
func (f *feeder) until(fn func(*flow.Batch) bool) {
	for done := false; !done; {
		done = fn(f.batch)
		for fl := range f.batch.All() {
			f.flows = append(f.flows, *fl)
		}
		f.owner.Finish(nil)
		f.batch = f.owner.Begin(0, time.Time{})
	}
}

func (f *feeder) add(p *packet.Packet, at int64) {
	f.until(func(b *flow.Batch) bool { return f.table.Add(p, at, b) })
}

func tcp(src, dst uint16, flags uint16, size uint32) *packet.Packet {
	p := &packet.Packet{WireLen: size}
	p.Src, p.Dst = flow.AddrFrom4([4]byte{192, 0, 2, 1}), flow.AddrFrom4([4]byte{192, 0, 2, 2})
	p.Proto, p.SrcPort, p.DstPort, p.TCPFlags, p.TTL = flow.ProtoTCP, src, dst, flags, 64
	p.EtherType = flow.EtherTypeIPv4
	p.Has = packet.HasIP | packet.HasPorts | packet.HasTCPFlags | packet.HasEtherType
	return p
}

const second = int64(time.Second)

func TestEnds(t *testing.T) {
	f := newFeeder(Config{Active: 60 * time.Second, Inactive: 10 * time.Second}, 4)
	f.add(tcp(1, 80, 0x10, 100), 0)
	f.add(tcp(1, 80, 0x10, 100), 9*second)
	f.add(tcp(2, 80, 0x02, 100), 25*second) // the first is idle by now
	f.add(tcp(2, 80, 0x11, 100), 26*second) // FIN
	f.add(tcp(2, 80, 0x10, 100), 26*second+second/2)
	f.add(tcp(3, 80, 0x10, 100), 28*second)
	for at := 30 * second; at < 95*second; at += 5 * second {
		f.add(tcp(3, 80, 0x10, 100), at) // longer than the active timeout
	}
	f.until(f.table.Flush)
	var got []string
	for _, fl := range f.flows {
		got = append(got, fmt.Sprintf("%d: %d packets, %v, %s", fl.SrcPort, fl.Packets, fl.Duration(), flow.EnumText(flow.FieldEndReason, uint64(fl.EndReason))))
	}
	require.Equal(t, []string{
		"1: 2 packets, 9s, idle timeout",
		"2: 3 packets, 1.5s, end of flow detected",
		"3: 13 packets, 57s, active timeout",
		"3: 1 packets, 0s, forced end",
	}, got)
}

// piece is a part of a UDP packet, at a multiple of 8 bytes.
func piece(offset uint16, proto, tos uint8) *packet.Packet {
	p := tcp(1000, 2000, 0, 100)
	p.Proto, p.FragmentProto, p.FragmentID, p.FragmentOffset, p.TOS = flow.ProtoUDP, proto, 7, offset, tos
	p.Has = packet.HasIP | packet.HasFragment | packet.HasPorts
	if offset > 0 {
		p.Proto, p.SrcPort, p.DstPort = proto, 0, 0
		p.Has &^= packet.HasPorts
	}
	return p
}

func TestFragmentsBelongToTheFirst(t *testing.T) {
	const options = 60
	for name, parts := range map[string][]*packet.Packet{
		"alike":                      {piece(0, flow.ProtoUDP, 2), piece(185, flow.ProtoUDP, 2)},
		"congestion was marked":      {piece(0, flow.ProtoUDP, 2), piece(185, flow.ProtoUDP, 3)},
		"extension header behind":    {piece(0, options, 0), piece(185, options, 0)},
		"first one that comes again": {piece(0, options, 2), piece(0, options, 2), piece(185, options, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeeder(Config{}, 4)
			for _, p := range parts {
				f.add(p, second)
			}
			f.add(piece(200, flow.ProtoICMP, 0), second) // of another packet
			f.until(f.table.Flush)
			require.Len(t, f.flows, 2)
			require.Equal(t, uint64(len(parts)), f.flows[0].Packets)
			require.Equal(t, [2]uint16{1000, 2000}, [2]uint16{f.flows[0].SrcPort, f.flows[0].DstPort})
			require.Equal(t, uint8(flow.ProtoUDP), f.flows[0].Proto)
			require.Equal(t, uint64(1), f.table.Counts().FragmentsUnmatched)
		})
	}
}

func TestTimeThatGoesBackMakesNoLongFlow(t *testing.T) {
	f := newFeeder(Config{Active: 60 * time.Second, Inactive: 10 * time.Second}, 4)
	for _, at := range []int64{1000, 990, 1, 1001, 1005} {
		f.add(tcp(1, 80, 0x10, 100), at*second)
	}
	f.until(f.table.Flush)
	var got [][3]int64
	for _, fl := range f.flows {
		got = append(got, [3]int64{fl.TimeStart / second, fl.TimeEnd / second, int64(fl.Packets)})
	}
	require.Equal(t, [][3]int64{{990, 1000, 2}, {1, 1, 1}, {1001, 1005, 2}}, got)
}

func TestFullTableEvictsTheOldest(t *testing.T) {
	f := newFeeder(Config{MaxFlows: 3}, 2)
	for i := range uint16(5) {
		f.add(tcp(i, 80, 0x10, 60), int64(i)*second)
	}
	require.Equal(t, uint64(2), f.table.Counts().Evicted)
	require.Equal(t, uint16(0), f.flows[0].SrcPort)
	require.Equal(t, uint8(flow.EndReasonResources), f.flows[1].EndReason)
	f.until(f.table.Flush)
	require.Len(t, f.flows, 5)
	require.Zero(t, f.table.Len())
}

// TestAgainstSums adds random packets and compares what the flows of each key
// say together with plain sums, at several batch sizes.
func TestAgainstSums(t *testing.T) {
	for seed := range uint64(40) {
		var first []flow.Flow
		for _, size := range []int{1, 5, 512} {
			r := rand.New(rand.NewPCG(seed, 3))
			f := newFeeder(Config{Active: 20 * time.Second, Inactive: 3 * time.Second, MaxFlows: 1 + r.IntN(60), Statistics: seed%2 == 0}, size)
			type sum struct{ packets, bytes uint64 }
			want, got := map[uint16]sum{}, map[uint16]sum{}
			now := int64(1e18)
			for range 2000 {
				now += r.Int64N(second/4) - second/50 // a little out of order
				at := now
				if r.IntN(50) == 0 {
					at -= r.Int64N(30 * second) // and some a lot
				}
				port := uint16(r.IntN(80))
				flags := uint16(0x10)
				if r.IntN(20) == 0 {
					flags |= []uint16{tcpFIN, tcpRST, tcpSYN}[r.IntN(3)]
				}
				p := tcp(port, 443, flags, uint32(60+r.IntN(1400)))
				f.add(p, at)
				want[port] = sum{want[port].packets + 1, want[port].bytes + uint64(p.WireLen)}
			}
			f.until(f.table.Flush)
			received := int64(0)
			for _, fl := range f.flows {
				got[fl.SrcPort] = sum{got[fl.SrcPort].packets + fl.Packets, got[fl.SrcPort].bytes + fl.Bytes}
				require.LessOrEqual(t, fl.Duration(), 20*time.Second)
				require.LessOrEqual(t, fl.TimeStart, fl.TimeEnd)
				require.GreaterOrEqual(t, fl.TimeReceived, received, "event time never goes back")
				received = fl.TimeReceived
				_, unmarked := fl.Unmarked()
				require.False(t, unmarked)
			}
			require.Equal(t, want, got)
			if first == nil {
				first = f.flows
			}
			require.Equal(t, first, f.flows, "seed %d: batches of %d give other flows", seed, size)
		}
	}
}

// TestFlushStops flushes in small batches: flows that are not written yet are still
// there.
func TestFlushStops(t *testing.T) {
	f := newFeeder(Config{}, 3)
	const flows = 10
	for i := range uint16(flows) {
		at := int64(i*7%flows) * second
		f.add(tcp(i, 80, 0x10, 100), at)
		f.add(tcp(i, 80, 0x10, 100), at)
	}
	f.until(func(b *flow.Batch) bool {
		require.Equal(t, flows-len(f.flows), f.table.Len())
		require.Equal(t, uint64(2*f.table.Len()), f.table.Open())
		return f.table.Flush(b)
	})
	require.Len(t, f.flows, flows)
	for i, fl := range f.flows {
		require.Equal(t, int64(i)*second, fl.TimeStart)
	}
	require.Zero(t, f.table.Len())
	f.add(tcp(1, 80, 0x10, 100), 20*second) // it goes on
	f.until(f.table.Flush)
	require.Equal(t, uint64(1), f.flows[flows].Packets)
}

func BenchmarkAdd(b *testing.B) {
	for _, flows := range []int{1, 1000, 100000} {
		b.Run(fmt.Sprint(flows, " flows"), func(b *testing.B) {
			f := newFeeder(Config{}, 512)
			p := tcp(1, 443, 0x10, 100)
			for i := range flows {
				p.Src = flow.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
				f.add(p, 0)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i = (i + 7919) % flows
				p.Src = flow.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
				f.table.Add(p, 0, f.batch)
			}
		})
	}
}
