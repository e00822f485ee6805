package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// listTest tests a field that is a list of numbers: an AS path, communities, a
// label stack.
type listTest struct {
	field  flow.Field
	source string // as text
	// in reports whether a list that is not empty passes.
	in func(list []uint32) bool
}

func (n *listTest) match(b *flow.Batch, fl *flow.Flow) bool {
	if b == nil {
		return false
	}
	list, ok := b.U32s(fl, n.field)
	return ok && n.in(list)
}

func (n *listTest) fields(add func(flow.Field))            { add(n.field) }
func (n *listTest) text(sb *strings.Builder, _ precedence) { sb.WriteString(n.source) }

func (n *listTest) normal(_ *flow.Layout, neg bool) (term, error) {
	return &rowTerm{node: n, neg: neg, ns: 10}, nil
}

// passesThrough tests for numbers one behind the other.
func passesThrough(f flow.Field, path []uint32) *listTest {
	return &listTest{f, fmt.Sprint("passes-through ", path), func(list []uint32) bool {
		for ; len(list) >= len(path); list = list[1:] {
			if slices.Equal(list[:len(path)], path) {
				return true
			}
		}
		return false
	}}
}

// listHolds tests for an element in a set.
func listHolds(f flow.Field, set ranges) *listTest {
	source := textOf(&numbers{subject: only(f), kind: flow.KindU32, set: set})
	return &listTest{f, source, func(list []uint32) bool {
		return slices.ContainsFunc(list, func(v uint32) bool { return set.has(uint64(v)) })
	}}
}

// listHoldsTriple tests for three numbers that stand at a multiple of three, each
// in its set.
func listHoldsTriple(f flow.Field, sets [3]ranges) *listTest {
	return &listTest{f, fmt.Sprint(f, " holds ", sets), func(list []uint32) bool {
		for ; len(list) >= 3; list = list[3:] {
			if sets[0].has(uint64(list[0])) && sets[1].has(uint64(list[1])) && sets[2].has(uint64(list[2])) {
				return true
			}
		}
		return false
	}}
}
