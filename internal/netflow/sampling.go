package netflow

import "math"

// sampling gathers what a record says of its sampling.
type sampling struct {
	interval         uint64 // samplingInterval, samplerRandomInterval: 1 in N
	packets, space   uint64 // samplingPacketInterval of samplingPacketInterval + samplingPacketSpace
	size, population uint64 // samplingSize of samplingPopulation
	probability      float64
}

// read takes one element.
func (s *sampling) read(id uint16, v []byte) {
	switch id {
	case ieSamplingInterval, ieSamplerRandomInterval:
		s.interval = max(s.interval, number(v))
	case iePacketInterval:
		s.packets = number(v)
	case iePacketSpace:
		s.space = number(v)
	case ieSamplingSize:
		s.size = number(v)
	case ieSamplingPopulation:
		s.population = number(v)
	case ieSamplingProbability:
		s.probability = float(v)
	}
}

// rate returns N of 1 in N; false when nothing says it. A samplingPacketInterval
// that comes without a space is N itself, as exporters use it.
func (s *sampling) rate() (uint32, bool) {
	rate := s.interval
	switch {
	case rate != 0:
	case s.packets != 0 && s.space != 0:
		// The sum may be more than 64 bits hold.
		if sum := s.packets + s.space; sum > s.space {
			rate = sum / s.packets
		}
	case s.size != 0 && s.population != 0:
		rate = s.population / s.size
	case s.packets != 0:
		rate = s.packets
	case s.probability > 0 && s.probability <= 1:
		rate = uint64(min(math.Round(1/s.probability), 1<<32-1))
	}
	return uint32(min(rate, 1<<32-1)), rate != 0
}

// rateOf returns the rate of a flow by what options data said: that of its
// sampler, of its interface, of the domain, or of the only sampler there is; 0
// when nothing is known.
func (o *optionsData) rateOf(sampler uint32, hasSampler bool, ifIndex uint32) uint32 {
	if hasSampler {
		if r := o.samplers[sampler]; r != 0 {
			return r
		}
	}
	if o.rated {
		if r := o.ports[ifIndex].rate; r != 0 {
			return r
		}
	}
	if o.rate == 0 && !hasSampler && len(o.samplers) == 1 {
		for _, r := range o.samplers {
			return r
		}
	}
	return o.rate
}
