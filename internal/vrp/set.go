package vrp

import (
	"errors"
	"fmt"
	"slices"
)

// Set is a set of VRPs, in the order of Compare. Nobody changes one that was
// handed on.
type Set []VRP

// NewSet makes a set of VRPs in any order, in their memory.
func NewSet(vrps []VRP) Set {
	slices.SortFunc(vrps, Compare)
	return slices.Compact(vrps)
}

// Union returns the VRPs that are in one of the sets.
func Union(sets ...Set) Set {
	if len(sets) == 1 {
		return sets[0]
	}
	return NewSet(slices.Concat(sets...))
}

// first returns the VRPs of the first prefix of a set that is not empty.
func (s Set) first() Set {
	n := 1
	for n < len(s) && s[n].Addr == s[0].Addr && s[n].Bits == s[0].Bits {
		n++
	}
	return s[:n]
}

// Change is one announcement or withdrawal.
type Change struct {
	VRP
	Announce bool
}

// Why a change cannot be applied (RFC 8210 12).
var (
	ErrDuplicate = errors.New("announced although it is there")
	ErrUnknown   = errors.New("withdrawn although it is not there")
)

// Apply returns what a set becomes by changes, which it brings into another
// order. A change that does not go with the set is an error.
func (s Set) Apply(changes []Change) (Set, error) {
	slices.SortStableFunc(changes, func(a, b Change) int { return Compare(a.VRP, b.VRP) })
	out := make(Set, 0, len(s)+len(changes))
	for len(changes) > 0 {
		v := changes[0].VRP
		at, there := slices.BinarySearchFunc(s, v, Compare)
		out = append(out, s[:at]...)
		s = s[at:]
		if there {
			s = s[1:]
		}
		for ; len(changes) > 0 && changes[0].VRP == v; changes = changes[1:] {
			switch announce := changes[0].Announce; {
			case announce && there:
				return nil, fmt.Errorf("%v: %w", v, ErrDuplicate)
			case !announce && !there:
				return nil, fmt.Errorf("%v: %w", v, ErrUnknown)
			default:
				there = announce
			}
		}
		if there {
			out = append(out, v)
		}
	}
	return append(out, s...), nil
}
