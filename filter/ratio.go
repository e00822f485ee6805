package filter

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// quantity is a number that is computed of several fields: a fraction.
type quantity uint8

const (
	bitRate        quantity = iota // bit/s: bytes × 8 over the duration
	packetRate                     // packets/s
	bytesPerPacket                 // mean length of a packet
	duration                       // in nanoseconds
)

func (q quantity) String() string { return [...]string{"bps", "pps", "bpp", "duration"}[q] }

func (q quantity) fields() []flow.Field {
	return [...][]flow.Field{
		{flow.FieldBytes, flow.FieldTimeStart, flow.FieldTimeEnd},
		{flow.FieldPackets, flow.FieldTimeStart, flow.FieldTimeEnd},
		{flow.FieldBytes, flow.FieldPackets},
		{flow.FieldTimeStart, flow.FieldTimeEnd},
	}[q]
}

// of returns the fraction for a flow as 128 bits over 64. Over nothing it has no
// value.
func (q quantity) of(fl *flow.Flow) (hi, lo, over uint64) {
	switch q {
	case bitRate:
		hi, lo = bits.Mul64(fl.Bytes, 8e9)
		return hi, lo, lasted(fl)
	case packetRate:
		hi, lo = bits.Mul64(fl.Packets, 1e9)
		return hi, lo, lasted(fl)
	case bytesPerPacket:
		return 0, fl.Bytes, fl.Packets
	}
	return 0, lasted(fl), 1
}

// lasted is Flow.Duration in nanoseconds. A time that is absent is 0, so presence
// has to be looked at only where the start is.
func lasted(fl *flow.Flow) uint64 {
	if fl.TimeStart <= 0 {
		return uint64(fl.Duration())
	}
	return uint64(max(fl.TimeEnd-fl.TimeStart, 0))
}

// interval is a range of a quantity. An open end does not belong to it.
type interval struct {
	lo, hi         uint64
	loOpen, hiOpen bool
	endless        bool // there is no hi
}

// atLeast, below and so on are intervals as the language writes them.
func above(v uint64) interval   { return interval{lo: v, loOpen: true, endless: true} }
func atLeast(v uint64) interval { return interval{lo: v, endless: true} }
func below(v uint64) interval   { return interval{hi: v, hiOpen: true} }
func atMost(v uint64) interval  { return interval{hi: v} }

// has compares hi:lo / over with the ends, exactly.
func (r interval) has(hi, lo, over uint64) bool {
	if over == 0 {
		return false
	}
	h, l := bits.Mul64(r.lo, over)
	if less(hi, lo, h, l) || r.loOpen && h == hi && l == lo {
		return false
	}
	if r.endless {
		return true
	}
	h, l = bits.Mul64(r.hi, over)
	return less(hi, lo, h, l) || !r.hiOpen && h == hi && l == lo
}

func less(ahi, alo, bhi, blo uint64) bool { return ahi < bhi || ahi == bhi && alo < blo }

func (r interval) String() string {
	from, to := ">=", "<="
	if r.loOpen {
		from = ">"
	}
	if r.hiOpen {
		to = "<"
	}
	switch {
	case r.endless:
		return fmt.Sprint(from, r.lo)
	case r.lo == 0:
		return fmt.Sprint(to, r.hi)
	}
	return fmt.Sprint(from, r.lo, " ", to, r.hi)
}

// ratios tests whether a quantity lies in one of several intervals.
type ratios struct {
	what quantity
	in   []interval
}

func (r *ratios) match(_ *flow.Batch, fl *flow.Flow) bool {
	hi, lo, over := r.what.of(fl)
	for _, iv := range r.in {
		if iv.has(hi, lo, over) {
			return true
		}
	}
	return false
}

func (r *ratios) fields(add func(flow.Field)) {
	for _, f := range r.what.fields() {
		add(f)
	}
}

func (r *ratios) text(sb *strings.Builder, _ precedence) { fmt.Fprint(sb, r.what, " in ", r.in) }

func (r *ratios) normal(_ *flow.Layout, neg bool) (term, error) {
	if len(r.in) == 0 {
		return constant(neg), nil
	}
	return &ratioTerm{*r, flip(neg)}, nil
}

type ratioTerm struct {
	ratios
	flip uint8
}

func (t *ratioTerm) absorb(test, operator) term { return nil }
func (t *ratioTerm) key() string                { return fmt.Sprint("ratio ", textOf(&t.ratios), t.flip) }
func (t *ratioTerm) cost() (ns, share float64)  { return 5, 0.3 }
func (t *ratioTerm) kernel(*compiler) kernel    { return newLeaf(t) }

func (t *ratioTerm) mark(b *flow.Batch, in []uint16, m []uint8) {
	flows, _ := b.Raw()
	if len(t.in) > 1 {
		for i, r := range in {
			m[i] |= bit(t.match(b, &flows[r])) ^ t.flip
		}
		return
	}
	iv, what, flip := t.in[0], t.what, t.flip
	for i, r := range in {
		hi, lo, over := what.of(&flows[r])
		m[i] |= bit(iv.has(hi, lo, over)) ^ flip
	}
}

func (t *ratioTerm) explain(sb *strings.Builder, indent string) {
	verb := "is"
	if t.flip != 0 {
		verb = "is not"
	}
	unit := [...]string{"bit/s", "packets/s", "bytes", "ns"}[t.what]
	fmt.Fprintf(sb, "%s%v %s %s %s: a multiplication\n", indent, t.what, verb, strings.Trim(fmt.Sprint(t.in), "[]"), unit)
}
