package flowtable

import (
	"math"
	"math/bits"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// moments gathers least, greatest, mean and standard deviation of numbers as
// they come, by Welford's method.
type moments struct {
	min, max int64
	n        uint64
	mean, m2 float64
}

func (m *moments) add(x int64) {
	if m.n == 0 {
		m.min, m.max = x, x
	}
	m.min, m.max = min(m.min, x), max(m.max, x)
	m.n++
	d := float64(x) - m.mean
	m.mean += d / float64(m.n)
	m.m2 += d * (float64(x) - m.mean)
}

// merge adds numbers that were gathered elsewhere (Chan, Golub and LeVeque).
func (m *moments) merge(s *Sums) {
	if s.Count == 0 {
		return
	}
	if m.n == 0 {
		m.min, m.max = s.Min, s.Max
	}
	m.min, m.max = min(m.min, s.Min), max(m.max, s.Max)
	n := float64(s.Count)
	mean := s.Sum / n
	d := mean - m.mean
	both := float64(m.n) + n
	m.m2 += max(s.Squares-s.Sum*mean, 0) + d*d*float64(m.n)*n/both
	m.mean += d * n / both
	m.n += s.Count
}

// stdDev returns the standard deviation of the numbers themselves, not an
// estimate of that of a population they stand for.
func (m *moments) stdDev() float64 { return math.Sqrt(m.m2 / float64(m.n)) }

// statistics is what the option adds to a flow.
type statistics struct {
	length         moments
	gap            moments
	flags          [8]uint64 // packets with FIN, SYN, RST, PSH, ACK, URG, ECE, CWR
	headerBytes    uint64
	payloadPackets uint64
}

// count adds a packet that came gap nanoseconds after the one before; a negative
// gap is none.
func (s *statistics) count(p *packet.Packet, gap int64) {
	s.length.add(int64(p.WireLen))
	if gap >= 0 {
		s.gap.add(gap)
	}
	for f := uint8(p.TCPFlags); f != 0; f &= f - 1 {
		s.flags[bits.TrailingZeros8(f)]++
	}
	s.headerBytes += uint64(p.HeaderLen)
	if p.PayloadLen > 0 {
		s.payloadPackets++
	}
}

// merge adds packets that were counted elsewhere, the first of them gap
// nanoseconds after the one before; a negative gap is none.
func (s *statistics) merge(o *Statistics, gap int64) {
	s.length.merge(&o.Lengths)
	if gap >= 0 {
		s.gap.add(gap)
	}
	s.gap.merge(&o.Gaps)
	for i, n := range o.Flags {
		s.flags[i] += n
	}
	s.headerBytes += o.HeaderBytes
	s.payloadPackets += o.PayloadPackets
}

func (s *statistics) write(b *flow.Batch, fl *flow.Flow, tcp bool) {
	b.SetPacketBytesMin(fl, uint32(s.length.min))
	b.SetPacketBytesMax(fl, uint32(s.length.max))
	b.SetPacketBytesMean(fl, uint32(math.Round(s.length.mean)))
	b.SetPacketBytesStdDev(fl, uint32(math.Round(s.length.stdDev())))
	if s.gap.n > 0 {
		b.SetPacketIATMin(fl, uint64(s.gap.min))
		b.SetPacketIATMax(fl, uint64(s.gap.max))
		b.SetPacketIATMean(fl, uint64(math.Round(s.gap.mean)))
		b.SetPacketIATStdDev(fl, uint64(math.Round(s.gap.stdDev())))
	}
	b.SetHeaderBytes(fl, uint32(min(s.headerBytes, math.MaxUint32)))
	b.SetPayloadPackets(fl, s.payloadPackets)
	if !tcp {
		return
	}
	b.SetFINCount(fl, s.flags[0])
	b.SetSYNCount(fl, s.flags[1])
	b.SetRSTCount(fl, s.flags[2])
	b.SetPSHCount(fl, s.flags[3])
	b.SetACKCount(fl, s.flags[4])
	b.SetURGCount(fl, s.flags[5])
	b.SetECECount(fl, s.flags[6])
	b.SetCWRCount(fl, s.flags[7])
}
