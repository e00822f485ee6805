package ddos

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/flowpipeline/pipeline/flow"
)

// registers of a sketch; the standard error of an estimate is 1.04/√registers,
// 6.5 %.
const registers = 256

// sketch estimates how many distinct addresses it was shown (HyperLogLog, Flajolet
// et al. 2007, with linear counting while there are few).
type sketch [registers]uint8

func (s *sketch) add(hash uint64) {
	r := &s[hash%registers]
	if rank := uint8(bits.LeadingZeros64(hash|registers-1)) + 1; rank > *r {
		*r = rank
	}
}

// merge makes the sketch one of all that either was shown.
func (s *sketch) merge(o *sketch) {
	for i, r := range o {
		s[i] = max(s[i], r)
	}
}

func (s *sketch) estimate() int {
	const m = registers
	var sum float64
	empty := 0
	for _, r := range s {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			empty++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && empty > 0 {
		e = m * math.Log(float64(m)/float64(empty))
	}
	return int(e + 0.5)
}

// generation is how many slots share a sketch: 16 s.
const generation = 32

// sources are the distinct source addresses of this generation and the one before.
type sources struct {
	number [2]int64
	sketch [2]sketch
}

func (s *sources) add(slot int64, a *flow.Addr) {
	n := slot / generation
	i := n % 2
	if n > s.number[i] {
		s.number[i], s.sketch[i] = n, sketch{}
	}
	if n == s.number[i] {
		s.sketch[i].add(addrHash(a))
	}
}

// estimate returns how many there were up to a slot.
func (s *sources) estimate(slot int64) int {
	var all sketch
	for i := range s.sketch {
		if slot/generation-s.number[i] <= 1 {
			all.merge(&s.sketch[i])
		}
	}
	return all.estimate()
}

// addrHash is a hash whose bits look random even for addresses in a row (the
// finalizer is that of SplitMix64, Steele et al. 2014).
func addrHash(a *flow.Addr) uint64 {
	h := fold(fold(seed, binary.LittleEndian.Uint64(a[:8])), binary.LittleEndian.Uint64(a[8:]))
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}
