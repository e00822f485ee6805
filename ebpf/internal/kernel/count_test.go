//go:build linux

package kernel

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// from returns the frame with another source port.
func from(frame []byte, port int) []byte {
	f := slices.Clone(frame)
	binary.BigEndian.PutUint16(f[34:], uint16(port))
	return f
}

// one swaps and returns the only flow.
func one(t testing.TB, table *Table) *Entry {
	t.Helper()
	e := new(Entry)
	require.NoError(t, table.Swap())
	ok, err := table.Next(e)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = table.Next(new(Entry))
	require.NoError(t, err)
	require.False(t, ok)
	return e
}

func counts(t testing.TB, table *Table) Counts {
	t.Helper()
	c, err := table.Counts()
	require.NoError(t, err)
	return c
}

// TestOverflow sends more flows than the map holds, and then more than the ring
// holds too: what is not in an entry or an event is counted as lost, exactly.
func TestOverflow(t *testing.T) {
	const flows, page = 16, 4096
	table := open(t, Config{MaxFlows: flows, RingBytes: page})
	const sent = 200
	for i := range sent {
		run(t, table.Ingress(), from(udp, i))
	}
	var got, events uint64
	var e Entry
	for {
		kind, err := table.Event(time.Unix(1, 0), &e)
		require.NoError(t, err)
		if kind == None {
			break
		}
		require.Equal(t, Packet, kind)
		require.Equal(t, [2]uint64{1, uint64(len(udp))}, [2]uint64{e.Delta.Packets, e.Delta.Bytes})
		require.Equal(t, "02:00:00:00:00:01", e.Packet.SrcMAC.String())
		events++
	}
	require.NoError(t, table.Swap())
	for {
		ok, err := table.Next(&e)
		require.NoError(t, err)
		if !ok {
			break
		}
		got += e.Delta.Packets
	}
	c := counts(t, table)
	require.Positive(t, events)
	require.Equal(t, events, c.Overflowed)
	require.Positive(t, c.Lost.Packets)
	require.Equal(t, uint64(sent), got+events+c.Lost.Packets)
	require.Equal(t, Tally{c.Lost.Packets, c.Lost.Packets * uint64(len(udp))}, c.Lost)
	require.Equal(t, c.Lost, c.LostWire)
	for range 3 { // the swap made room
		run(t, table.Ingress(), udp)
	}
	require.Equal(t, uint64(3), one(t, table).Delta.Packets)
}

// TestGenerations counts into one generation while another is read.
func TestGenerations(t *testing.T) {
	table := open(t, Config{MaxFlows: 1 << 14})
	var got, sent uint64
	for round := range 5 {
		for i := range 5000 {
			run(t, table.Ingress(), from(udp, i))
			sent++
		}
		require.NoError(t, table.Swap())
		var e Entry
		for n := 0; ; n++ {
			ok, err := table.Next(&e)
			require.NoError(t, err)
			if !ok {
				require.GreaterOrEqual(t, n, 5000, round)
				break
			}
			got += e.Delta.Packets
			if n%100 == 0 {
				run(t, table.Ingress(), udp)
				sent++
			}
		}
	}
	require.NoError(t, table.Swap())
	for e := (Entry{}); ; {
		ok, err := table.Next(&e)
		require.NoError(t, err)
		if !ok {
			break
		}
		got += e.Delta.Packets
	}
	require.Equal(t, sent, got)
}

// TestWake ends an Event that has no deadline.
func TestWake(t *testing.T) {
	table := open(t, Config{MaxFlows: 1})
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(time.Millisecond) // so that Event waits, as a rule
		_ = table.Wake()
	})
	kind, err := table.Event(time.Time{}, new(Entry))
	wg.Wait()
	require.NoError(t, err)
	require.Equal(t, None, kind)
}

// TestOverflowWakes ends the wait of an Event by a packet that has no room.
func TestOverflowWakes(t *testing.T) {
	table := open(t, Config{MaxFlows: 1})
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(time.Millisecond) // so that Event waits, as a rule
		for i := range 10 {
			_, _ = table.Ingress().Run(&ebpf.RunOptions{Data: from(udp, i)})
		}
	})
	kind, err := table.Event(time.Time{}, new(Entry))
	wg.Wait()
	require.NoError(t, err)
	require.Equal(t, Packet, kind)
}

// skb is struct __sk_buff of the kernel, as far as a test can set it.
type skb struct {
	Len, PktType, Mark, QueueMapping, Protocol, VLANPresent, VLANTCI, VLANProto, Priority uint32
	IngressIfIndex, IfIndex, TCIndex                                                      uint32
	CB                                                                                    [5]uint32
	Hash, TCClassID, Data, DataEnd, NAPIID, Family                                        uint32
	RemoteIP4, LocalIP4                                                                   uint32
	RemoteIP6, LocalIP6                                                                   [4]uint32
	RemotePort, LocalPort, DataMeta                                                       uint32
	FlowKeys, Tstamp                                                                      uint64
	WireLen, GSOSegs                                                                      uint32
	Socket                                                                                uint64
	GSOSize                                                                               uint32
}

// tcp is a TCP packet with so many bytes of payload.
func tcp(flags byte, payload int) []byte {
	f := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2},
		0, 80, 0x1f, 0x90, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	binary.BigEndian.PutUint16(f[16:], uint16(40+payload))
	return append(f, make([]byte, payload)...)
}

// TestSegmentationOffload counts packets that the device will cut into segments.
func TestSegmentationOffload(t *testing.T) {
	for _, c := range []struct {
		size, segs     uint32
		packets, bytes uint64
	}{
		{1000, 3, 3, 2500 + 3*54},
		{1000, 0, 3, 2500 + 3*54}, // a device from which nobody knows
		{2500, 1, 1, 2500 + 54},
		{0, 0, 1, 2500 + 54},
	} {
		table := open(t, Config{MaxFlows: 10, Statistics: true})
		frame := tcp(0x18, 2500)
		_, err := table.Egress().Run(&ebpf.RunOptions{Data: frame, Context: &skb{WireLen: uint32(len(frame)), GSOSize: c.size, GSOSegs: c.segs}})
		require.NoError(t, err)
		e := one(t, table)
		require.Equal(t, packet.KeyPorts|packet.KeyEgress, e.Key.Has)
		d := e.Delta
		require.Equal(t, [4]uint64{c.packets, c.bytes, 1, 2554}, [4]uint64{d.Packets, d.Bytes, d.StackPackets, d.StackBytes}, "%+v", c)
		last := float64(2500 - (c.packets-1)*1000 + 54)
		s := d.Statistics
		require.Equal(t, flowtable.Sums{
			Count: c.packets, Min: int64(last), Max: int64(max(1054, last)), Sum: float64(c.bytes),
			Squares: float64(c.packets-1)*1054*1054 + last*last,
		}, s.Lengths, "%+v", c)
		require.Equal(t, [8]uint64{3: 1, 4: c.packets}, s.Flags, "PSH is on the last segment, ACK on all")
		require.Equal(t, [2]uint64{54 * c.packets, c.packets}, [2]uint64{s.HeaderBytes, s.PayloadPackets})
	}
}

// TestSegmentationOffloadInATunnel counts the headers that the outer ones do not
// tell of by what the stack says is the length on the wire.
func TestSegmentationOffloadInATunnel(t *testing.T) {
	const outer, inner, payload, segments = 14 + 20, 20 + 20, 2500, 3
	table := open(t, Config{MaxFlows: 10})
	frame := append(slices.Clone(udp[:34]), make([]byte, inner+payload)...)
	frame[23] = flow.ProtoIPIP
	binary.BigEndian.PutUint16(frame[16:], uint16(len(frame)-14))
	wire := uint32(len(frame) + (segments-1)*(outer+inner))
	_, err := table.Egress().Run(&ebpf.RunOptions{Data: frame, Context: &skb{WireLen: wire, GSOSize: 1000, GSOSegs: segments}})
	require.NoError(t, err)
	d := one(t, table).Delta
	require.Equal(t, [4]uint64{segments, uint64(wire), 1, uint64(len(frame))}, [4]uint64{d.Packets, d.Bytes, d.StackPackets, d.StackBytes})
}

func TestStatistics(t *testing.T) {
	table := open(t, Config{MaxFlows: 10, Statistics: true})
	want := flowtable.Statistics{Lengths: flowtable.Sums{Min: math.MaxInt64}}
	flags := []byte{2, 0x10, 0x18, 0x11}
	unpin := pin(t, 0)
	for i, payload := range []int{0, 0, 700, 30} {
		frame := tcp(flags[i], payload)
		n := len(frame)
		run(t, table.Ingress(), frame)
		want.Lengths.Min, want.Lengths.Max = min(want.Lengths.Min, int64(n)), max(want.Lengths.Max, int64(n))
		want.Lengths.Count++
		want.Lengths.Sum += float64(n)
		want.Lengths.Squares += float64(n) * float64(n)
		want.HeaderBytes += 54
	}
	unpin()
	want.PayloadPackets = 2
	want.Flags = [8]uint64{0: 1, 1: 1, 3: 1, 4: 3}
	e := one(t, table)
	gaps := e.Delta.Statistics.Gaps
	require.Equal(t, uint64(3), gaps.Count)
	require.InDelta(t, float64(e.Delta.End-e.Delta.Start), gaps.Sum, 0)
	require.LessOrEqual(t, gaps.Min*3, int64(gaps.Sum))
	require.GreaterOrEqual(t, gaps.Max*3, int64(gaps.Sum))
	require.GreaterOrEqual(t, gaps.Squares*3, gaps.Sum*gaps.Sum)
	want.Gaps = gaps
	require.Equal(t, &want, e.Delta.Statistics)
}

// TestCPUsAddUp counts a flow on two CPUs.
func TestCPUsAddUp(t *testing.T) {
	if cpus, err := ebpf.PossibleCPU(); err != nil || cpus < 2 {
		t.Skip("needs two CPUs")
	}
	table := open(t, Config{MaxFlows: 10, Statistics: true})
	for cpu, n := range []int{3, 2} {
		unpin := pin(t, cpu)
		for range n {
			run(t, table.Ingress(), tcp(1<<cpu, 100*cpu))
		}
		unpin()
	}
	e := one(t, table)
	require.Equal(t, [3]uint64{5, 5*54 + 200, 3}, [3]uint64{e.Delta.Packets, e.Delta.Bytes, uint64(e.Delta.TCPFlags)})
	require.Equal(t, uint64(3), e.Delta.Statistics.Gaps.Count, "times between packets are those of one CPU")
	require.Equal(t, [2]int64{54, 154}, [2]int64{e.Delta.Statistics.Lengths.Min, e.Delta.Statistics.Lengths.Max})
}

// TestFilter replaces the selector by one that wants destination port 4790.
func TestFilter(t *testing.T) {
	const ports = 32 // offset in packet.Key
	filter := asm.Instructions{
		asm.LoadMem(asm.R2, asm.R1, ports, asm.Word),
		asm.And.Imm(asm.R2, 0xffff),
		asm.Mov.Imm(asm.R0, 1),
		asm.JEq.Imm(asm.R2, 4790, "out"),
		asm.Mov.Imm(asm.R0, 0),
		asm.Return().WithSymbol("out"),
	}
	table := open(t, Config{MaxFlows: 10, Filter: filter})
	other := slices.Clone(udp)
	other[37]++
	for range 3 {
		for _, p := range []*ebpf.Program{table.Ingress(), table.Egress()} {
			run(t, p, udp)
			run(t, p, other)
			run(t, p, other)
		}
	}
	var e Entry
	require.NoError(t, table.Swap())
	for range 2 {
		ok, err := table.Next(&e)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, uint64(3), e.Delta.Packets)
		require.Equal(t, uint32(53<<16|4790), e.Key.Ports)
	}
	ok, err := table.Next(&e)
	require.NoError(t, err)
	require.False(t, ok)
	require.Equal(t, Tally{12, 12 * uint64(len(udp))}, counts(t, table).Filtered)
}

// TestSampling counts about one packet in ten, and every one of the others as not
// chosen. The bounds are ten standard deviations wide.
func TestSampling(t *testing.T) {
	const n, rate = 20000, 10
	table := open(t, Config{MaxFlows: 10, Sampling: rate})
	_, err := table.Ingress().Run(&ebpf.RunOptions{Data: udp, Repeat: n})
	require.NoError(t, err)
	e := one(t, table)
	require.InDelta(t, n/rate, e.Delta.Packets, 10*math.Sqrt(n/rate))
	c := counts(t, table)
	require.Equal(t, uint64(n), e.Delta.Packets+c.Unsampled.Packets)
	require.Equal(t, c.Unsampled.Packets*uint64(len(udp)), c.Unsampled.Bytes)
}

// TestInterfaceWithoutLinkHeader counts packets as a tunnel's interface has them. A
// test takes the type of the packet from where an Ethernet header has it, which is
// in the source address here.
func TestInterfaceWithoutLinkHeader(t *testing.T) {
	table := open(t, Config{MaxFlows: 10})
	v4 := slices.Clone(udp[14:])
	v4[12], v4[13] = 0x08, 0x00
	v4 = append(v4, make([]byte, 20)...)
	v6 := append([]byte{0x60, 0, 0, 0, 0, 14, flow.ProtoUDP, 64}, make([]byte, 32)...)
	v6[12], v6[13], v6[39] = 0x86, 0xdd, 1
	v6 = append(v6, 0, 53, 0, 54, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, c := range []struct {
		program       func() (*ebpf.Program, error)
		frame         []byte
		src           string
		ports, length int
		has           packet.KeyHas
	}{
		{table.IngressIP, v4, "8.0.2.1", 53<<16 | 4790, 48, packet.KeyIngress},
		{table.EgressIP, v6, "0:0:86dd::", 53<<16 | 54, 54, packet.KeyEgress | packet.KeyIPv6},
	} {
		p, err := c.program()
		require.NoError(t, err)
		run(t, p, c.frame)
		e := one(t, table)
		require.Equal(t, c.src, e.Key.Src.String())
		require.Equal(t, uint32(c.ports), e.Key.Ports)
		require.Equal(t, packet.KeyPorts|c.has, e.Key.Has)
		require.Equal(t, uint64(c.length), e.Delta.Bytes)
		require.True(t, e.Packet.SrcMAC.IsZero())
		require.Zero(t, e.Packet.Has&packet.HasMAC)
	}
}

// TestReadingAllocatesNothing reads flows and events.
func TestReadingAllocatesNothing(t *testing.T) {
	table := open(t, Config{MaxFlows: 500})
	for i := range 1000 {
		run(t, table.Ingress(), from(udp, i))
	}
	var e Entry
	require.Zero(t, testing.AllocsPerRun(400, func() {
		kind, err := table.Event(time.Unix(1, 0), &e)
		if kind != Packet || err != nil {
			t.Error(kind, err)
		}
	}))
	require.NoError(t, table.Swap())
	_, err := table.Next(&e) // reads a batch
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(400, func() {
		if ok, err := table.Next(&e); !ok || err != nil {
			t.Error(ok, err)
		}
	}))
}
