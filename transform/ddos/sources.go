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

// parts are how many groups sources are put into by their hash, to see whether a few
// of them send the most.
const parts = 64

// sources are the source addresses of this generation and the one before.
type sources struct {
	number [2]int64
	sketch [2]sketch
	bytes  [2][parts]float32
}

func (s *sources) add(slot int64, a *flow.Addr, bytes float32) {
	n := slot / generation
	i := n % 2
	if n > s.number[i] {
		s.number[i], s.sketch[i], s.bytes[i] = n, sketch{}, [parts]float32{}
	}
	if n == s.number[i] {
		hash := addrHash(a)
		s.sketch[i].add(hash)
		s.bytes[i][hash>>16%parts] += bytes
	}
}

// estimate returns how many there were up to a slot.
func (s *sources) estimate(slot int64) int {
	var all sketch
	for i := range s.sketch {
		if s.counts(i, slot) {
			all.merge(&s.sketch[i])
		}
	}
	return all.estimate()
}

func (s *sources) counts(i int, slot int64) bool { return slot/generation-s.number[i] <= 1 }

// equals returns how many sources of equal strength the traffic is spread like
// (the inverse of Simpson's index): 64 at most, for the groups are counted.
func (s *sources) equals(slot int64) float32 {
	var sum, squares float32
	for p := range parts {
		var bytes float32
		for i := range s.bytes {
			if s.counts(i, slot) {
				bytes += s.bytes[i][p]
			}
		}
		sum += bytes
		squares += bytes * bytes
	}
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}

// enough reports whether there are so many sources, and not only a few that send
// the most among many others.
func (s *sources) enough(least int, slot int64) bool {
	return least <= 1 || s.estimate(slot) >= least && s.equals(slot) >= min(float32(least)/2, parts/3)
}

// addrHash is a hash whose bits look random even for addresses in a row (the
// finalizer is that of SplitMix64, Steele et al. 2014).
func addrHash(a *flow.Addr) uint64 {
	h := fold(fold(seed, binary.LittleEndian.Uint64(a[:8])), binary.LittleEndian.Uint64(a[8:]))
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}
