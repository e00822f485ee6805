// Package floods makes the flow records of attacks, and of traffic that looks like
// one, with times of their own, the same in every run.
package floods

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Begin is when the flows begin.
var Begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Traffic is some kind of packets.
type Traffic struct {
	At, For time.Duration // after Begin; how long
	Rate    float64       // packets per second
	Ramp    bool          // it grows from 0 to Rate
	On, Off time.Duration // in pulses; 0 for none
	Size    uint64        // bytes of a packet
	Packets uint64        // of a record; 0 means 1
	Span    time.Duration // from the first packet of a record to its last
	Sources uint32        // how many
	Src     netip.Addr    // the first of them
	Dst     netip.Prefix  // spread over its addresses
	Proto   uint8
	SrcPort uint16 // 0 for any
	DstPort uint16 // 0 for any
	Flags   uint16
	More    bool // fragments
	SrcAS   uint32
}

// Source gives the records of all traffic in the order of time, as an exporter
// tells them that samples one in so many packets.
func Source(sampling uint32, traffic ...Traffic) pipeline.Source {
	return pipeline.NewSource("floods", func() (pipeline.Source, error) {
		if sampling == 0 {
			return nil, errors.New("a sampling rate of 0 makes no sense")
		}
		g := &generator{sampling: sampling}
		for i, t := range traffic {
			s := &stream{Traffic: t, rand: rand.New(rand.NewPCG(uint64(i), uint64(sampling)))}
			s.Packets = max(s.Packets, 1)
			s.Sources = max(s.Sources, 1)
			s.next()
			g.streams = append(g.streams, s)
		}
		return g, nil
	})
}

type generator struct {
	sampling uint32
	streams  []*stream
}

// Replays implements pipeline.Replayer.
func (g *generator) Replays() bool { return true }

// Read implements pipeline.Source.
func (g *generator) Read(ctx context.Context, b *flow.Batch) error {
	for !b.Full() {
		var first *stream
		for _, s := range g.streams {
			if !s.over && (first == nil || s.end < first.end) {
				first = s
			}
		}
		if first == nil {
			return io.EOF
		}
		if n := first.sample(g.sampling); n > 0 {
			first.fill(b.Next(), n, g.sampling)
		}
		first.next()
	}
	return ctx.Err()
}

// stream is traffic that is being told.
type stream struct {
	Traffic
	rand *rand.Rand
	n    uint64 // the record
	end  int64
	over bool
}

// next goes on to the next record.
func (s *stream) next() {
	s.n++
	t := float64(s.n*s.Packets) / s.Rate * 1e9
	if s.Ramp {
		t = math.Sqrt(2 * t * float64(s.For))
	}
	if s.On > 0 {
		t = math.Floor(t/float64(s.On))*float64(s.On+s.Off) + math.Mod(t, float64(s.On))
	}
	s.end = Begin.UnixNano() + int64(s.At) + int64(t)
	s.over = t >= float64(s.For)
}

// sample returns how many of a record's packets are chosen.
func (s *stream) sample(rate uint32) uint64 {
	if rate == 1 {
		return s.Packets
	}
	// The gaps between chosen packets are geometrically distributed.
	n := uint64(0)
	for at := uint64(0); ; n++ {
		at += 1 + uint64(math.Log(1-s.rand.Float64())/math.Log1p(-1/float64(rate)))
		if at > s.Packets {
			return n
		}
	}
}

func (s *stream) fill(fl *flow.Flow, packets uint64, sampling uint32) {
	fl.SetTimeReceived(s.end)
	fl.SetTimeEnd(s.end)
	fl.SetTimeStart(s.end - int64(s.Span))
	fl.SetPackets(packets)
	fl.SetBytes(packets * s.Size)
	fl.SetSamplingRate(sampling)
	fl.SetExporter(flow.AddrFrom4([4]byte{192, 0, 2, 254}))
	fl.SetSrcAddr(plus(s.Src, uint32(s.rand.Uint64N(uint64(s.Sources)))))
	hosts := uint64(1) << min(s.Dst.Addr().BitLen()-s.Dst.Bits(), 32)
	fl.SetDstAddr(plus(s.Dst.Addr(), uint32(s.rand.Uint64N(hosts))))
	fl.SetEtherType(flow.EtherTypeIPv6)
	if s.Src.Is4() {
		fl.SetEtherType(flow.EtherTypeIPv4)
	}
	fl.SetProto(s.Proto)
	if s.SrcAS != 0 {
		fl.SetSrcAS(s.SrcAS)
	}
	if s.More {
		fl.SetFragmentOffset(185)
		return
	}
	switch s.Proto {
	case flow.ProtoTCP:
		fl.SetTCPFlags(s.Flags)
		s.ports(fl)
	case flow.ProtoUDP:
		s.ports(fl)
	case flow.ProtoICMP, flow.ProtoICMPv6:
		fl.SetICMPType(8)
		fl.SetICMPCode(0)
	}
}

func (s *stream) ports(fl *flow.Flow) {
	random := uint16(1024 + s.rand.UintN(64512))
	fl.SetSrcPort(s.SrcPort)
	fl.SetDstPort(s.DstPort)
	if s.SrcPort == 0 {
		fl.SetSrcPort(random)
	}
	if s.DstPort == 0 {
		fl.SetDstPort(random ^ 0x5555)
	}
}

// plus returns the n-th address after one.
func plus(a netip.Addr, n uint32) flow.Addr {
	p := slices.Clone(a.AsSlice())
	last := p[len(p)-4:]
	binary.BigEndian.PutUint32(last, binary.BigEndian.Uint32(last)+n)
	sum, _ := flow.AddrFromSlice(p)
	return sum
}
