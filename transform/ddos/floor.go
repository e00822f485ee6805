package ddos

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Floor is the rate above which traffic of a class may be an attack. Each number
// is looked at alone; 0 means that it is not looked at. Rates are those before
// sampling, as far as the flows tell it.
type Floor struct {
	Bits    float64 // per second
	Packets float64 // per second
	Flows   float64 // records per second; these are not corrected for sampling
	Sources int     // least distinct source addresses, and so many that no few of them send the most; 0 and 1 mean any
}

// Floors are the floors of some classes. The class Amplification stands for all
// services that have no floor of their own.
type Floors map[Class]Floor

// HostFloors are the default floors of one destination address.
func HostFloors() Floors {
	return Floors{
		Other:         {Bits: 500e6, Packets: 100e3, Sources: 16},
		UDP:           {Bits: 500e6, Packets: 100e3, Sources: 16},
		TCP:           {Bits: 4e9, Packets: 500e3, Sources: 64},
		SYN:           {Packets: 20e3},
		ICMP:          {Bits: 50e6, Packets: 10e3},
		Fragments:     {Bits: 100e6, Packets: 20e3},
		Tunnels:       {Bits: 1e9, Packets: 200e3, Sources: 16},
		Amplification: {Bits: 100e6, Packets: 20e3},
	}
}

// PrefixFloors are the default floors of a /24 or /48: twice those of a host.
func PrefixFloors() Floors {
	floors := HostFloors()
	for class, f := range floors {
		f.Bits, f.Packets, f.Flows = 2*f.Bits, 2*f.Packets, 2*f.Flows
		floors[class] = f
	}
	return floors
}

// limit is a floor for what one slot holds.
type limit struct {
	counts
	sources int
	watched bool
}

// limits are those of all classes at one level.
type limits [numClasses]limit

// compile makes limits of floors; what they leave out is taken from base.
func (f Floors) compile(base Floors) (*limits, error) {
	all := Floors{}
	maps.Copy(all, base)
	maps.Copy(all, f)
	l := new(limits)
	for _, class := range slices.Sorted(maps.Keys(all)) {
		floor := all[class]
		if int(class) >= numClasses {
			return nil, fmt.Errorf("there is no class %d", class)
		}
		if !(floor.Bits >= 0 && floor.Packets >= 0 && floor.Flows >= 0 && floor.Sources >= 0) {
			return nil, fmt.Errorf("the floor of %v: %+v makes no sense", class, floor)
		}
		perSlot := limit{
			counts:  counts{packets: float32(floor.Packets * slotSeconds), bytes: float32(floor.Bits / 8 * slotSeconds), flows: float32(floor.Flows * slotSeconds)},
			sources: floor.Sources,
			watched: floor.Bits > 0 || floor.Packets > 0 || floor.Flows > 0,
		}
		last := class
		if class == Amplification {
			last = Class(numClasses - 1)
		}
		for c := class; c <= last; c++ {
			if _, own := all[c]; c == class || !own {
				l[c] = perSlot
			}
		}
	}
	if !slices.ContainsFunc(l[:], func(l limit) bool { return l.watched }) {
		return nil, errors.New("there is no floor above 0")
	}
	return l, nil
}

// exceededBy reports whether counts of a slot are above factor times the limit.
func (l *limit) exceededBy(c counts, factor float32) bool {
	return l.packets > 0 && c.packets > factor*l.packets ||
		l.bytes > 0 && c.bytes > factor*l.bytes ||
		l.flows > 0 && c.flows > factor*l.flows
}

// above reports whether a slot is above the limit by more than the standard error of
// its samples, so that few of them need more traffic.
func (s *sampled) above(l *limit) bool {
	if s.samples <= 1 {
		return false
	}
	return l.exceededBy(s.counts, 1/(1-1/float32(math.Sqrt(float64(s.samples)))))
}

// ratio returns how many times the limit counts of a slot are.
func (l *limit) ratio(c counts) float32 {
	var r float32
	for _, p := range [...][2]float32{{c.packets, l.packets}, {c.bytes, l.bytes}, {c.flows, l.flows}} {
		if p[1] > 0 {
			r = max(r, p[0]/p[1])
		}
	}
	return r
}
