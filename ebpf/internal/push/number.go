package push

import (
	"math"

	"github.com/cilium/ebpf/asm"

	"github.com/flowpipeline/pipeline/filter"
)

// numberTest holds when a number is in a set.
type numberTest struct {
	at     slot
	ranges []filter.NumberRange // of 32 bits
	zero   bool                 // 0 is in the set
}

func (t *numberTest) jump(a *assembler, want bool, to label) {
	in, out, end := a.exits(want, to)
	if has := t.at.needs | t.at.excludes; has != 0 {
		absent := out
		if t.zero {
			absent = in
		}
		a.add(asm.LoadMem(value, key, int16(atHas), asm.Half), asm.And.Imm32(value, int32(has)))
		a.jumpIf(t.at.needs != 0, value, 0, absent)
	}
	a.add(asm.LoadMem(value, key, int16(t.at.offset), t.at.size))
	if t.at.mask != 0 {
		a.add(asm.And.Imm32(value, int32(t.at.mask)))
	}
	if t.at.shift != 0 {
		a.add(asm.RSh.Imm32(value, int32(t.at.shift)))
	}
	if r := t.ranges[0]; len(t.ranges) == 1 && r.From == r.To {
		a.jumpIf(want, value, uint32(r.From), to)
	} else {
		searchNumber(a, t.ranges, in, out)
	}
	a.place(end)
}

// searchNumber looks a number of 32 bits up.
func searchNumber(a *assembler, ranges []filter.NumberRange, in, out label) {
	var edges []uint32
	for _, r := range ranges {
		edges = append(edges, uint32(r.From))
		if r.To < math.MaxUint32 {
			edges = append(edges, uint32(r.To+1))
		}
	}
	s := &search{a: a, in: in, out: out}
	s.below = func(edge int, to label) { a.jump(asm.JLT.Imm32(value, int32(edges[edge]), ""), to) }
	s.equal = func(edge int, to label) bool {
		one := edges[edge+1] == edges[edge]+1
		if one {
			a.jumpIf(true, value, edges[edge], to)
		}
		return one
	}
	s.among(0, len(edges), false)
}
