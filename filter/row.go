package filter

import (
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// rowKernel makes a test for one flow after the other.
type rowKernel struct {
	match func(b *flow.Batch, fl *flow.Flow) bool
	flip  uint8
	what  string
}

func (k *rowKernel) mark(b *flow.Batch, in []uint16, m []uint8) {
	flows, _ := b.Raw()
	for i, r := range in {
		m[i] |= bit(k.match(b, &flows[r])) ^ k.flip
	}
}

func (k *rowKernel) explain(sb *strings.Builder, indent string) {
	sb.WriteString(indent + k.what + "\n")
}

// alone is the part of a test that joins with no other.
type alone struct{}

func (alone) absorb(test, operator) term { return nil }

// funcTerm is a Go function in normal form.
type funcTerm struct {
	leafFunc
	flip uint8
}

func (t *funcTerm) absorb(test, operator) term { return nil }
func (t *funcTerm) key() string                { return "" }
func (t *funcTerm) cost() (ns, share float64)  { return 4, 0.5 }
func (t *funcTerm) kernel(*compiler) kernel    { return newLeaf(t) }

func (t *funcTerm) mark(b *flow.Batch, in []uint16, m []uint8) {
	flows, _ := b.Raw()
	for i, r := range in {
		m[i] |= bit(t.fn(&flows[r])) ^ t.flip
	}
}

func (t *funcTerm) explain(sb *strings.Builder, indent string) {
	verb := ""
	if t.flip != 0 {
		verb = "not "
	}
	sb.WriteString(indent + verb + t.name + ": a function\n")
}

// rowTerm is the normal form of a node whose test is made row by row.
type rowTerm struct {
	alone
	node
	neg bool
	ns  float64
}

func (t *rowTerm) key() string               { return "" }
func (t *rowTerm) cost() (ns, share float64) { return t.ns, 0.5 }

func (t *rowTerm) kernel(*compiler) kernel {
	what := textOf(t.node) + ": one flow at a time"
	if t.neg {
		what = "not " + what
	}
	return newLeaf(&rowKernel{t.match, flip(t.neg), what})
}
