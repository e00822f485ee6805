package flowtable

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// arrival is a packet and when it came.
type arrival struct {
	p  *packet.Packet
	at int64
}

// gather makes a Delta of packets that came one after the other.
func gather(packets []arrival) *Delta {
	first := packets[0]
	d := &Delta{Start: first.at, MinTTL: first.p.TTL, Statistics: new(Statistics)}
	for i, a := range packets {
		d.End = a.at
		d.Packets++
		d.Bytes += uint64(a.p.WireLen)
		d.TCPFlags |= a.p.TCPFlags
		d.MinTTL, d.MaxTTL = min(d.MinTTL, a.p.TTL), max(d.MaxTTL, a.p.TTL)
		s := d.Statistics
		sum(&s.Lengths, int64(a.p.WireLen))
		if i > 0 {
			sum(&s.Gaps, a.at-packets[i-1].at)
		}
		for f := uint8(a.p.TCPFlags); f != 0; f &= f - 1 {
			s.Flags[bits.TrailingZeros8(f)]++
		}
		s.HeaderBytes += uint64(a.p.HeaderLen)
		if a.p.PayloadLen > 0 {
			s.PayloadPackets++
		}
	}
	return d
}

func sum(s *Sums, x int64) {
	if s.Count == 0 {
		s.Min, s.Max = x, x
	}
	s.Count++
	s.Min, s.Max = min(s.Min, x), max(s.Max, x)
	s.Sum += float64(x)
	s.Squares += float64(x) * float64(x)
}

func (f *feeder) merge(packets []arrival) {
	d, p := gather(packets), packets[0].p
	f.until(func(b *flow.Batch) bool { return f.table.Merge(p.Key(), p, d, b) })
}

// TestMergeIsAdd gives a table packets one by one and another the same packets
// gathered: both must tell the same flow.
func TestMergeIsAdd(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 7))
		c := Config{Statistics: true, SamplingRate: 10}
		one, many := newFeeder(c, 4), newFeeder(c, 4)
		var all []arrival
		at := int64(1e18)
		for range 1 + r.IntN(60) {
			at += r.Int64N(second / 10)
			p := tcp(1, 443, uint16(r.IntN(16))&^(tcpFIN|tcpRST), uint32(60+r.IntN(1400)))
			p.TTL, p.HeaderLen, p.PayloadLen = uint8(50+r.IntN(10)), 54, uint32(r.IntN(2))
			p.Direction, p.IfIndex = packet.KeyEgress, 3
			all = append(all, arrival{p, at})
			one.add(p, at)
		}
		for rest := all; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			many.merge(rest[:n])
			rest = rest[n:]
		}
		columns := func(f *feeder) (out [][10]uint64) {
			f.until(func(b *flow.Batch) bool {
				done := f.table.Flush(b)
				for fl := range b.All() {
					out = append(out, statisticsOf(b, fl))
				}
				return done
			})
			return out
		}
		require.Equal(t, columns(one), columns(many), "seed %d", seed)
		require.Len(t, one.flows, 1)
		require.Equal(t, one.flows, many.flows, "seed %d", seed)
		require.Equal(t, uint8(flow.DirectionEgress), many.flows[0].Direction)
		require.Equal(t, [2]uint32{3, 10}, [2]uint32{many.flows[0].OutIf, many.flows[0].SamplingRate})
		require.False(t, many.flows[0].Has(flow.FieldInIf))
		require.Equal(t, one.table.Counts(), many.table.Counts())
	}
}

// statisticsOf returns what Statistics tells, the means and deviations without
// their lowest digits.
func statisticsOf(b *flow.Batch, fl *flow.Flow) (out [10]uint64) {
	low, _ := b.PacketBytesMin(fl)
	high, _ := b.PacketBytesMax(fl)
	mean, _ := b.PacketBytesMean(fl)
	dev, _ := b.PacketBytesStdDev(fl)
	gapLow, _ := b.PacketIATMin(fl)
	gapHigh, _ := b.PacketIATMax(fl)
	gapMean, _ := b.PacketIATMean(fl)
	gapDev, _ := b.PacketIATStdDev(fl)
	syn, _ := b.SYNCount(fl)
	payload, _ := b.PayloadPackets(fl)
	return [...]uint64{
		uint64(low), uint64(high), uint64(mean), uint64(dev), gapLow, gapHigh,
		uint64(math.Round(float64(gapMean) / 1000)), uint64(math.Round(float64(gapDev) / 1000)), syn, payload,
	}
}

func TestJoin(t *testing.T) {
	f := newFeeder(Config{}, 1)
	first, later, other := piece(0, flow.ProtoUDP, 2), piece(185, flow.ProtoUDP, 3), piece(200, flow.ProtoICMP, 0)
	require.Equal(t, first.Key(), f.table.Join(first, second))
	require.Equal(t, first.Key(), f.table.Join(later, second))
	require.Equal(t, other.Key(), f.table.Join(other, second))
	require.Equal(t, later.Key(), f.table.Join(later, 100*second), "the first is forgotten")
	require.Equal(t, uint64(2), f.table.Counts().FragmentsUnmatched)
}

func TestMergeTellsBothCounts(t *testing.T) {
	f := newFeeder(Config{}, 1)
	p := tcp(1, 80, 0x10, 0)
	d := &Delta{Start: second, End: second, Packets: 45, Bytes: 68130, StackPackets: 1, StackBytes: 65226, MinTTL: 64, MaxTTL: 64}
	for range 2 {
		f.until(func(b *flow.Batch) bool { return f.table.Merge(p.Key(), p, d, b) })
	}
	var packets, bytes uint64
	f.until(func(b *flow.Batch) bool {
		done := f.table.Flush(b)
		for fl := range b.All() {
			packets, _ = b.StackPackets(fl)
			bytes, _ = b.StackBytes(fl)
		}
		return done
	})
	require.Equal(t, [4]uint64{90, 2 * 68130, 2, 2 * 65226}, [4]uint64{f.flows[0].Packets, f.flows[0].Bytes, packets, bytes})
}

// TestMergeInNoOrder has a drain tell flows in any order: one that is active must
// not end because another was told first.
func TestMergeInNoOrder(t *testing.T) {
	f := newFeeder(Config{Inactive: 1200 * time.Millisecond}, 4)
	for i := range int64(5) {
		now := (i + 1) * second
		f.merge([]arrival{{tcp(uint16(10+i), 80, 0x10, 60), now - 1}})
		f.merge([]arrival{{tcp(1, 80, 0x10, 60), now - second/2}})
		f.until(func(b *flow.Batch) bool { return f.table.Expire(now, b) })
	}
	f.until(f.table.Flush)
	got := map[uint16][]uint64{}
	for _, fl := range f.flows {
		got[fl.SrcPort] = append(got[fl.SrcPort], fl.Packets)
	}
	require.Equal(t, map[uint16][]uint64{1: {5}, 10: {1}, 11: {1}, 12: {1}, 13: {1}, 14: {1}}, got)
}

func TestMergeEndsFlows(t *testing.T) {
	f := newFeeder(Config{Active: 10 * time.Second, Inactive: 5 * time.Second}, 1)
	f.merge([]arrival{{tcp(1, 80, tcpSYN, 60), second}, {tcp(1, 80, tcpFIN, 60), 2 * second}})
	f.merge([]arrival{{tcp(1, 80, 0x10, 60), 2*second + 1}})
	f.merge([]arrival{{tcp(1, 80, tcpSYN, 60), 2*second + 2}}) // the port is used again
	f.merge([]arrival{{tcp(1, 80, 0x10, 60), 8 * second}})     // idle before
	f.merge([]arrival{{tcp(1, 80, 0x10, 60), 10 * second}, {tcp(1, 80, 0x10, 60), 20 * second}})
	f.until(f.table.Flush)
	var got [][2]uint64
	for _, fl := range f.flows {
		got = append(got, [2]uint64{fl.Packets, uint64(fl.EndReason)})
	}
	require.Equal(t, [][2]uint64{
		{3, flow.EndReasonDetected}, {1, flow.EndReasonIdle}, {1, flow.EndReasonActive}, {2, flow.EndReasonForced},
	}, got)
}

// TestDescribe tells what a tunnel carries before the packets and after, and of a
// flow whose packets never come.
func TestDescribe(t *testing.T) {
	inside := func(port uint16) *packet.Packet {
		p := tcp(port, 80, 0x10, 60)
		p.Tunnel, p.HasTunnelID, p.TunnelID = flow.TunnelVXLAN, true, uint64(port)
		return p
	}
	f := newFeeder(Config{}, 1)
	describe := func(port uint16) {
		p := inside(port)
		f.until(func(b *flow.Batch) bool { return f.table.Describe(p.Key(), p, second, b) })
	}
	describe(1)
	f.until(func(b *flow.Batch) bool { return f.table.Expire(second, b) })
	f.merge([]arrival{{tcp(1, 80, 0x10, 60), second}})
	f.merge([]arrival{{tcp(2, 80, 0x10, 60), second}})
	describe(2)
	describe(2)
	describe(3)
	got := map[uint16]uint64{}
	f.until(func(b *flow.Batch) bool {
		done := f.table.Flush(b)
		for fl := range b.All() {
			got[fl.SrcPort], _ = b.TunnelID(fl)
			require.Equal(t, uint64(1), fl.Packets)
		}
		return done
	})
	require.Equal(t, map[uint16]uint64{1: 1, 2: 2}, got)
	require.Equal(t, Counts{Packets: 2, Flows: 2}, f.table.Counts())
}

func TestDescribedFlowsAreBoundedToo(t *testing.T) {
	f := newFeeder(Config{MaxFlows: 2}, 1)
	for port := range uint16(5) {
		p := tcp(port, 80, 0x10, 60)
		f.until(func(b *flow.Batch) bool { return f.table.Describe(p.Key(), p, second, b) })
	}
	require.Equal(t, 2, f.table.Len())
	require.Empty(t, f.flows)
}

func TestMergeDoesNotAllocate(t *testing.T) {
	f := newFeeder(Config{Statistics: true}, 512)
	p := tcp(1, 443, 0x10, 100)
	d := gather([]arrival{{p, second}})
	require.Zero(t, testing.AllocsPerRun(100, func() { f.table.Merge(p.Key(), p, d, f.batch) }))
}
