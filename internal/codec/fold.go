package codec

import (
	"math"

	"github.com/flowpipeline/pipeline/flow"
)

// fold says how a field of another message becomes one of the schema.
type fold uint8

const (
	foldSame   fold = iota // the same value
	foldSecond             // seconds to nanoseconds
	foldMilli              // milliseconds to nanoseconds
	foldItem               // one element of a list
	foldIgnore             // follows from the list
)

// folded is a field of another message that lives in a field of the schema.
type folded struct {
	name  string
	proto int
	into  flow.Field
	kind  flow.Kind // of the value on the wire
	how   fold
	index int // place in the list; -1 is the last
}

// foldState collects the folded fields of one message. They are put in place at
// its end, since the field they live in wins if the message has it too, in
// whatever order they come.
type foldState struct {
	set  uint32
	num  [len(foldedFields)]uint64
	addr flow.Addr // mpls_label_ip, the only address
}

// number notes a number. It reports false for a time out of range.
func (s *foldState) number(i int, v uint64) bool {
	switch f := &foldedFields[i]; f.how {
	case foldSecond:
		if v > math.MaxInt64/1_000_000_000 {
			return false
		}
	case foldMilli:
		if v > math.MaxInt64/1_000_000 {
			return false
		}
	default:
		if f.kind == flow.KindU32 && v > math.MaxUint32 {
			return false
		}
	}
	s.num[i] = v
	s.set |= 1 << i
	return true
}

func (s *foldState) country(i int, c flow.Country) {
	s.num[i] = uint64(c[0])<<8 | uint64(c[1])
	s.set |= 1 << i
}

func (s *foldState) address(i int, a flow.Addr) {
	s.addr = a
	s.set |= 1 << i
}

// forget takes a folded field back.
func (s *foldState) forget(i int) { s.set &^= 1 << i }

// apply puts what was noted in place and starts anew.
func (s *foldState) apply(b *flow.Batch, fl *flow.Flow) {
	if s.set == 0 {
		return
	}
	for _, how := range [...]fold{foldSame, foldMilli, foldSecond} { // the finer time first
		for i := range foldedFields {
			if f := &foldedFields[i]; f.how == how && s.set&(1<<i) != 0 && !b.Has(fl, f.into) {
				s.applyOne(b, fl, f, s.num[i])
			}
		}
	}
	s.applyMPLS(b, fl)
	s.set = 0
}

func (s *foldState) applyOne(b *flow.Batch, fl *flow.Flow, f *folded, v uint64) {
	switch {
	case f.how == foldMilli && v != 0: // no exporter means 1970
		b.SetUint(fl, f.into, v*1e6)
	case f.how == foldSecond && v != 0:
		b.SetUint(fl, f.into, v*1e9)
	case f.how == foldSame && f.into == flow.FieldSrcCountry:
		fl.SetSrcCountry(flow.Country{byte(v >> 8), byte(v)})
	case f.how == foldSame && f.into == flow.FieldDstCountry:
		fl.SetDstCountry(flow.Country{byte(v >> 8), byte(v)})
	case f.how == foldSame:
		b.SetUint(fl, f.into, v)
	}
}

// maxFoldedLabels is the number of fixed places, the last label's included.
const maxFoldedLabels = 4

// applyMPLS makes lists of the fixed places. The last label counts only where
// it lies below those that have a place: the others repeat one of them.
func (s *foldState) applyMPLS(b *flow.Batch, fl *flow.Flow) {
	var labels, ttls [maxFoldedLabels]uint32
	depth := 0
	var last, lastTTL uint32
	for i := range foldedFields {
		f := &foldedFields[i]
		if f.how != foldItem || s.set&(1<<i) == 0 {
			continue
		}
		v := uint32(s.num[i])
		switch {
		case f.into == flow.FieldMPLSAddrs:
			if !b.Has(fl, f.into) {
				b.SetMPLSAddrs(fl, []flow.Addr{s.addr})
			}
		case f.into == flow.FieldMPLSLabels && f.index < 0:
			last = v
		case f.into == flow.FieldMPLSTTLs && f.index < 0:
			lastTTL = v
		case f.into == flow.FieldMPLSLabels:
			labels[f.index] = v
			if v != 0 {
				depth = max(depth, f.index+1)
			}
		default:
			ttls[f.index] = v
			if v != 0 {
				depth = max(depth, f.index+1)
			}
		}
	}
	if last != 0 && (depth == 0 || labels[depth-1] != last) {
		labels[depth], ttls[depth] = last, lastTTL
		depth++
	}
	if depth == 0 {
		return
	}
	if !b.Has(fl, flow.FieldMPLSLabels) {
		b.SetMPLSLabels(fl, labels[:depth])
	}
	if !b.Has(fl, flow.FieldMPLSTTLs) && ttls != ([maxFoldedLabels]uint32{}) {
		b.SetMPLSTTLs(fl, ttls[:depth])
	}
}
