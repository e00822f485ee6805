package netflow

import "github.com/flowpipeline/pipeline/flow"

// maxSamplers is how many samplers element 48 can number.
const maxSamplers = 255

// samplers number the rates of flows, from 1 on.
type samplers struct {
	rates    []uint32
	byRate   map[uint32]uint8
	rate     uint32 // of the flow before
	id       uint8
	told     int // how many were sent since the latest connection or interval
	template []byte
	tid      uint16
	tsent    bool
	refused  uint64
}

// rateOf returns what the counts of a flow are to be multiplied by, 0 if unknown.
func rateOf(fl *flow.Flow) uint32 {
	if fl.Normalized != 0 && fl.SamplingRate != 0 {
		return 1
	}
	return fl.SamplingRate
}

// of returns the sampler of a flow, and whether it is a new one.
func (s *samplers) of(fl *flow.Flow) (id uint8, fresh bool) {
	rate := rateOf(fl)
	if rate == 0 {
		return 0, false
	}
	if rate == s.rate && s.id != 0 {
		return s.id, false
	}
	id, ok := s.byRate[rate]
	if !ok {
		if len(s.rates) == maxSamplers {
			s.refused++
			return 0, false
		}
		s.rates = append(s.rates, rate)
		id, fresh = uint8(len(s.rates)), true
		s.byRate[rate] = id
	}
	s.rate, s.id = rate, id
	return id, fresh
}

// newSamplers prepares the options template. The scope is the system in NetFlow
// v9, and the observation domain in IPFIX: some collectors look for a sampler
// outside of the scope only.
func newSamplers(version, id uint16) *samplers {
	s := &samplers{byRate: map[uint32]uint8{}, tid: id}
	rest := []element{
		{flow.IE{ID: ieSamplerID}, 1}, {flow.IE{ID: ieSamplerMode}, 1}, {flow.IE{ID: ieSamplerInterval}, 4},
	}
	p := be.AppendUint16(nil, id)
	if version == v9 {
		const system = 1
		p = be.AppendUint16(be.AppendUint16(p, 4), uint16(4*len(rest)))
		p = element{flow.IE{ID: system}, 4}.append(p)
	} else {
		p = be.AppendUint16(be.AppendUint16(p, uint16(1+len(rest))), 1)
		p = element{flow.IE{ID: ieObservationDomain}, 4}.append(p)
	}
	for _, e := range rest {
		p = e.append(p)
	}
	s.template = p
	return s
}

// append appends the options data of a sampler.
func (s *samplers) append(domain uint32, i int, p []byte) []byte {
	const random = 2
	p = append(be.AppendUint32(p, domain), byte(i+1), random)
	return be.AppendUint32(p, s.rates[i])
}

// forget has all of them sent again.
func (s *samplers) forget() { s.told, s.tsent = 0, false }
