package netflow

import "math"

// maxGap is how far a sequence number may be off before it is taken to have
// begun anew.
const maxGap = 1 << 20

// sequence follows the sequence numbers of one domain.
type sequence struct {
	next     uint32
	known    bool
	restored bool // by Load: next is from before a restart
}

// check compares a datagram's number with what should come, and returns how
// many units are missing before it. It is late when it comes after its
// successors, and reset when the numbers have begun anew.
func (s *sequence) check(got uint32) (lost uint32, late, reset bool) {
	if !s.known {
		return 0, false, false
	}
	limit := int32(maxGap)
	if s.restored {
		limit = math.MaxInt32 // it may have been a long time
	}
	switch gap := int32(got - s.next); {
	case gap == 0:
		return 0, false, false
	case gap > limit || gap < -maxGap:
		return 0, false, true
	case gap > 0:
		return uint32(gap), false, false
	}
	// A number of 0 after others is an exporter that started again.
	return 0, got != 0, got == 0
}

// advance sets what should come after a datagram.
func (s *sequence) advance(got, units uint32, late bool) {
	if !late {
		*s = sequence{next: got + units, known: true}
	}
}
