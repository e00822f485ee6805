package filter

import (
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// masked tests some bits of the TCP flags of TCP flows.
type masked struct {
	proto, flags flow.Field // 8 and 16 bits
	mask, value  uint16
}

const tcp = uint8(flow.ProtoTCP)

func (n *masked) match(b *flow.Batch, fl *flow.Flow) bool {
	return number(b, fl, n.proto, flow.KindU8) == uint64(tcp) && uint16(number(b, fl, n.flags, flow.KindU16))&n.mask == n.value
}

func (n *masked) fields(add func(flow.Field)) {
	add(n.proto)
	add(n.flags)
}

func (n *masked) text(sb *strings.Builder, _ precedence) {
	fmt.Fprintf(sb, "%v is tcp and %v & %#x = %#x", n.proto, n.flags, n.mask, n.value)
}

func (n *masked) normal(_ *flow.Layout, neg bool) (term, error) {
	switch {
	case n.value&^n.mask != 0:
		return constant(neg), nil
	case n.flags.IsColumn():
		return &rowTerm{node: n, neg: neg, ns: 4}, nil
	}
	return &maskedTerm{*n, flip(neg)}, nil
}

type maskedTerm struct {
	masked
	flip uint8
}

func (t *maskedTerm) key() string               { return fmt.Sprint("masked ", t.masked, t.flip) }
func (t *maskedTerm) cost() (ns, share float64) { return 1.3, 0.3 }
func (t *maskedTerm) kernel(*compiler) kernel   { return newLeaf(t) }

// absorb drops a test for TCP beside a test of its flags, and joins tests of
// other protocols with it to nothing.
func (t *maskedTerm) absorb(other test, op operator) term {
	o, ok := other.(*numberTerm)
	if !ok || op != opAnd || t.flip != 0 || o.named != nil || len(o.subject.fields) != 1 || o.subject.fields[0] != t.proto {
		return nil
	}
	if o.set.has(uint64(tcp)) {
		return t
	}
	return constant(false)
}

// differ is 0 for a flow that passes.
func (t *maskedTerm) differ(flags uint16, proto uint8) uint16 {
	return (flags&t.mask ^ t.value) | uint16(proto^tcp)
}

func (t *maskedTerm) narrow(b *flow.Batch, in, out []uint16) (n int, ok bool) {
	base, x, y, flip, local := first(b), offsets[t.flags], offsets[t.proto], int(t.flip), *t
	for _, r := range in {
		out[n] = r
		n += int(bit(local.differ(at[uint16](base, r, x), at[uint8](base, r, y)) == 0)) ^ flip
	}
	return n, true
}

func (t *maskedTerm) mark(b *flow.Batch, in []uint16, m []uint8) {
	base, x, y, local := first(b), offsets[t.flags], offsets[t.proto], *t
	for i, r := range in {
		m[i] |= bit(local.differ(at[uint16](base, r, x), at[uint8](base, r, y)) == 0) ^ local.flip
	}
}

func (t *maskedTerm) explain(sb *strings.Builder, indent string) {
	verb := ""
	if t.flip != 0 {
		verb = "not "
	}
	sb.WriteString(indent + verb + textOf(&t.masked) + ": one comparison\n")
}
