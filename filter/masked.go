package filter

import (
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// masked tests some bits of the TCP flags.
type masked struct {
	field       flow.Field // of 16 bits
	mask, value uint16
}

func (n *masked) match(b *flow.Batch, fl *flow.Flow) bool {
	return uint16(number(b, fl, n.field, flow.KindU16))&n.mask == n.value
}

func (n *masked) fields(add func(flow.Field)) { add(n.field) }

func (n *masked) text(sb *strings.Builder, _ precedence) {
	fmt.Fprintf(sb, "%v & %#x = %#x", n.field, n.mask, n.value)
}

func (n *masked) normal(_ *flow.Layout, neg bool) (term, error) {
	switch {
	case n.value&^n.mask != 0:
		return constant(neg), nil
	case n.mask == 0:
		return constant(!neg), nil
	}
	if n.field.IsColumn() {
		return &rowTerm{node: n, neg: neg, ns: 4}, nil
	}
	return &maskedTerm{*n, flip(neg)}, nil
}

type maskedTerm struct {
	masked
	flip uint8
}

func (t *maskedTerm) absorb(test, operator) term { return nil }
func (t *maskedTerm) key() string                { return fmt.Sprint("masked ", t.masked, t.flip) }
func (t *maskedTerm) cost() (ns, share float64)  { return 1.1, 0.3 }
func (t *maskedTerm) kernel() kernel             { return newLeaf(t) }

func (t *maskedTerm) mark(b *flow.Batch, in []uint16, m []uint8) {
	base, off := first(b), offsets[t.field]
	mask, value, flip := t.mask, t.value, t.flip
	for i, r := range in {
		m[i] |= bit(at[uint16](base, r, off)&mask == value) ^ flip
	}
}

func (t *maskedTerm) explain(sb *strings.Builder, indent string) {
	verb := ""
	if t.flip != 0 {
		verb = "not "
	}
	sb.WriteString(indent + verb + textOf(&t.masked) + ": one comparison\n")
}
