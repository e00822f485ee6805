package filter

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// kernel is a compiled term. It keeps scratch memory: one for each goroutine.
type kernel interface {
	// sel appends the rows of in whose flows match to out, in order. out may be
	// the beginning of in, or the rows in front of it.
	sel(b *flow.Batch, in, out []uint16) []uint16
	// mark sets m[k] to 1 for each in[k] whose flow matches, and leaves the
	// others of m alone.
	mark(b *flow.Batch, in []uint16, m []uint8)
	explain(sb *strings.Builder, indent string)
}

// marker is the part of a test that differs: mark.
type marker interface {
	mark(b *flow.Batch, in []uint16, m []uint8)
	explain(sb *strings.Builder, indent string)
}

// narrower is a marker that has a faster way to narrow a selection for the usual
// cases of its test: it writes every row of in to out, but goes on only behind
// those that match, and returns how many did. For the other cases it reports
// false.
type narrower interface {
	narrow(b *flow.Batch, in, out []uint16) (n int, ok bool)
}

// leaf makes a kernel of a marker.
type leaf struct {
	marker
	narrower // nil if there is none
	m        []uint8
}

func newLeaf(m marker) kernel {
	n, _ := m.(narrower)
	return &leaf{marker: m, narrower: n}
}

func (l *leaf) sel(b *flow.Batch, in, out []uint16) []uint16 {
	if l.narrower != nil {
		out = slices.Grow(out, len(in))
		if n, ok := l.narrow(b, in, out[len(out):len(out)+len(in)]); ok {
			return out[:len(out)+n]
		}
	}
	l.m = zeroed(l.m, len(in))
	l.mark(b, in, l.m)
	return compact(in, l.m, out)
}

// zeroed returns n zeros, in the memory of m if it suffices.
func zeroed(m []uint8, n int) []uint8 {
	m = slices.Grow(m[:0], n)[:n]
	clear(m)
	return m
}

// compact appends the rows of in that are marked to out.
func compact(in []uint16, m []uint8, out []uint16) []uint16 {
	n := len(out)
	out = slices.Grow(out, len(in))[:n+len(in)]
	m = m[:len(in)]
	for k, i := range in {
		out[n] = i
		n += int(m[k])
	}
	return out[:n]
}

// bit is 1 for true, without a branch.
func bit(b bool) uint8 {
	var n uint8
	if b {
		n = 1
	}
	return n
}

func flip(neg bool) uint8 { return bit(neg) }

const flowSize = unsafe.Sizeof(flow.Flow{})

// first returns the address of a batch's first flow.
func first(b *flow.Batch) unsafe.Pointer {
	flows, _ := b.Raw()
	return unsafe.Pointer(unsafe.SliceData(flows))
}

// at returns the value at an offset into the flow of row i. Offsets come from the
// compiler (layout_gen.go), rows from the batch's selection.
func at[T any](base unsafe.Pointer, i uint16, off uintptr) T {
	return *(*T)(unsafe.Add(base, uintptr(i)*flowSize+off))
}

func (c constant) sel(_ *flow.Batch, in, out []uint16) []uint16 {
	if !c {
		return out
	}
	return append(out, in...)
}

func (c constant) mark(_ *flow.Batch, in []uint16, m []uint8) {
	if c {
		for k := range in {
			m[k] = 1
		}
	}
}

func (c constant) explain(sb *strings.Builder, indent string) {
	sb.WriteString(indent + textOf(c) + "\n")
}

// andKernel lets each term narrow what the one before left.
type andKernel struct {
	terms []kernel
	rows  []uint16
}

func (k *andKernel) sel(b *flow.Batch, in, out []uint16) []uint16 {
	base := len(out)
	out = k.terms[0].sel(b, in, out)
	for _, t := range k.terms[1:] {
		if len(out) == base {
			break
		}
		out = t.sel(b, out[base:], out[:base])
	}
	return out
}

func (k *andKernel) mark(b *flow.Batch, in []uint16, m []uint8) {
	k.rows = k.sel(b, in, k.rows[:0])
	markRows(in, k.rows, m)
}

// markRows marks a subsequence of in.
func markRows(in, rows []uint16, m []uint8) {
	k := 0
	for _, r := range rows {
		for in[k] != r {
			k++
		}
		m[k] = 1
	}
}

func (k *andKernel) explain(sb *strings.Builder, indent string) {
	sb.WriteString(indent + "all of, each for what the one before left:\n")
	for _, t := range k.terms {
		t.explain(sb, indent+"  ")
	}
}

// orKernel makes cheap tests for every row, and asks the others only for the rows
// that nothing before matched.
type orKernel struct {
	marked, asked []kernel
	m             []uint8
	rest, hits    []uint16
}

func (k *orKernel) sel(b *flow.Batch, in, out []uint16) []uint16 {
	k.m = zeroed(k.m, len(in))
	k.mark(b, in, k.m)
	return compact(in, k.m, out)
}

func (k *orKernel) mark(b *flow.Batch, in []uint16, m []uint8) {
	for _, t := range k.marked {
		t.mark(b, in, m)
	}
	if len(k.asked) == 0 {
		return
	}
	k.rest = k.rest[:0]
	for i, r := range in {
		if m[i] == 0 {
			k.rest = append(k.rest, r)
		}
	}
	for _, t := range k.asked {
		if len(k.rest) == 0 {
			return
		}
		k.hits = t.sel(b, k.rest, k.hits[:0])
		markRows(in, k.hits, m)
		k.rest = subtract(k.rest, k.hits)
	}
}

func (k *orKernel) explain(sb *strings.Builder, indent string) {
	if len(k.marked) > 0 {
		sb.WriteString(indent + "any of:\n")
	}
	for _, t := range k.marked {
		t.explain(sb, indent+"  ")
	}
	if len(k.asked) > 0 {
		sb.WriteString(indent + "any of, each for what none before matched:\n")
	}
	for _, t := range k.asked {
		t.explain(sb, indent+"  ")
	}
}
