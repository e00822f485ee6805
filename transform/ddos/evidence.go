package ddos

import (
	"cmp"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// MaxEvidence is how many flows an event shows.
const MaxEvidence = 16

// Evidence is one of the flows of an attack; what records tell of the same 5-tuple
// is added up.
type Evidence struct {
	SrcAddr flow.Addr
	DstAddr flow.Addr
	SrcPort uint16
	DstPort uint16
	Proto   uint8
	SrcAS   uint32
	Packets uint64 // as they were seen
	Bytes   uint64 // as they were seen
}

// evidence is a sample of distinct flows: those whose hashes are lowest. It does
// not depend on the order in which they came.
type evidence struct {
	n      int
	hashes [MaxEvidence]uint64 // ascending
	flows  [MaxEvidence]Evidence
}

// add shows the sample a record, of so many packets and bytes before Normalize.
func (s *evidence) add(fl *flow.Flow, packets, bytes uint64) {
	hash := fl.Hash()
	if s.n == MaxEvidence && hash > s.hashes[s.n-1] {
		return
	}
	i, known := slices.BinarySearch(s.hashes[:s.n], hash)
	if !known {
		s.n = min(s.n+1, MaxEvidence)
		copy(s.hashes[i+1:s.n], s.hashes[i:])
		copy(s.flows[i+1:s.n], s.flows[i:])
		s.hashes[i] = hash
		s.flows[i] = Evidence{SrcAddr: fl.SrcAddr, DstAddr: fl.DstAddr, SrcPort: fl.SrcPort, DstPort: fl.DstPort, Proto: fl.Proto, SrcAS: fl.SrcAS}
	}
	s.flows[i].Packets += packets
	s.flows[i].Bytes += bytes
}

// list returns the sample.
func (s *evidence) list() []Evidence { return s.flows[:s.n:s.n] }

// top returns the values that most flows have, the most frequent first, at most n.
// Values that only one of several flows has say nothing.
func top[T cmp.Ordered](flows []Evidence, n int, value func(*Evidence) (T, bool)) []T {
	times := map[T]int{}
	for i := range flows {
		if v, ok := value(&flows[i]); ok {
			times[v]++
		}
	}
	var values []T
	for v, k := range times {
		if k > 1 || len(flows) == 1 {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(a, b T) int { return cmp.Or(times[b]-times[a], cmp.Compare(a, b)) })
	return values[:min(n, len(values))]
}

// most bounds the lists of an event.
const most = 3

func topPorts(flows []Evidence) []uint16 {
	return top(flows, most, func(e *Evidence) (uint16, bool) {
		return e.SrcPort, e.Proto == flow.ProtoUDP || e.Proto == flow.ProtoTCP
	})
}

func topASes(flows []Evidence) []uint32 {
	return top(flows, most, func(e *Evidence) (uint32, bool) { return e.SrcAS, e.SrcAS != 0 })
}

// lengths returns the least and the greatest mean length of a flow's packets.
func lengths(flows []Evidence) (least, greatest uint64) {
	for _, f := range flows {
		if f.Packets == 0 {
			continue
		}
		l := f.Bytes / f.Packets
		if least == 0 || l < least {
			least = l
		}
		greatest = max(greatest, l)
	}
	return least, greatest
}
