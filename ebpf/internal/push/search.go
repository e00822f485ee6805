package push

import "github.com/cilium/ebpf/asm"

// search adds a binary search among the edges of a set: ascending numbers at
// which values begin to belong to the set, or no longer do.
type search struct {
	a *assembler
	// below adds a jump that is taken when the value is less than an edge.
	below func(edge int, to label)
	// equal, if the edge and the next one enclose just one value, adds a jump
	// that is taken for it. It may be nil.
	equal func(edge int, to label) bool
	// Where values go to that are in the set, and those that are not.
	in, out label
}

// among adds the search among the edges from one to another. inside tells whether
// a value in front of them belongs to the set.
func (s *search) among(from, to int, inside bool) {
	switch n := to - from; {
	case n == 0:
		s.a.jump(asm.Ja.Label(""), s.end(inside))
		return
	case n == 2 && s.equal != nil && s.equal(from, s.end(!inside)):
		s.among(to, to, inside)
		return
	}
	middle := from + (to-from)/2&^1 // so that ranges stay whole
	left := s.end(inside)
	if middle > from {
		left = s.a.label()
	}
	s.below(middle, left)
	s.among(middle+1, to, !inside)
	if middle > from {
		s.a.place(left)
		s.among(from, middle, inside)
	}
}

func (s *search) end(inside bool) label {
	if inside {
		return s.in
	}
	return s.out
}
