package push

import (
	"encoding/binary"
	"math"

	"github.com/cilium/ebpf/asm"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// addrTest holds when an address is in a set.
type addrTest struct {
	offset uintptr
	ranges []filter.AddrRange
}

func (t *addrTest) jump(a *assembler, want bool, to label) {
	in, out, end := a.exits(want, to)
	if mask, ok := prefixMask(t.ranges); ok {
		t.compare(a, mask, want, to, out)
	} else {
		t.search(a, in, out)
	}
	a.place(end)
}

// prefixMask returns the mask of a set that is one prefix.
func prefixMask(ranges []filter.AddrRange) (mask flow.Addr, ok bool) {
	r := ranges[0]
	open := false // a bit behind the prefix was seen
	for i := range mask {
		differ := r.From[i] ^ r.To[i]
		if open && differ != 0xff || differ&(differ+1) != 0 || r.From[i]&differ != 0 {
			return mask, false
		}
		open = differ != 0
		mask[i] = ^differ
	}
	return mask, len(ranges) == 1
}

// words of an address: the key is aligned to 4 bytes.
const words = 4

// word loads a word of the address as it is in memory.
func (t *addrTest) word(reg asm.Register, i int) asm.Instruction {
	return asm.LoadMem(reg, key, int16(t.offset)+int16(4*i), asm.Word)
}

// inMemory returns a word of an address as word loads it.
func inMemory(addr flow.Addr, i int) uint32 { return binary.NativeEndian.Uint32(addr[4*i:]) }

// compare tests for one prefix, from the last word, in which addresses differ
// most, to the first, of which every prefix has bits.
func (t *addrTest) compare(a *assembler, mask flow.Addr, want bool, to, out label) {
	for i := words - 1; i >= 0; i-- {
		m := inMemory(mask, i)
		if m == 0 {
			continue
		}
		a.add(t.word(value, i))
		if m != math.MaxUint32 {
			a.add(asm.And.Imm32(value, int32(m)))
		}
		if v := inMemory(t.ranges[0].From, i); i > 0 {
			a.jumpIf(false, value, v, out)
		} else {
			a.jumpIf(want, value, v, to)
		}
	}
}

// search looks for the address in a set, among those of its IP version.
func (t *addrTest) search(a *assembler, in, out label) {
	var v4 []filter.NumberRange
	var v6 []filter.AddrRange
	for _, r := range t.ranges {
		if r.From.Is4() {
			v4 = append(v4, filter.NumberRange{From: uint64(r.From.V4()), To: uint64(r.To.V4())})
		} else {
			v6 = append(v6, r)
		}
	}
	rest := out // where IPv6 goes
	if len(v6) > 0 {
		rest = a.label()
	}
	if len(v4) > 0 {
		for i := range words - 1 {
			a.add(t.word(value, i))
			a.jumpIf(false, value, inMemory(flow.AddrFrom4([4]byte{}), i), rest)
		}
		a.add(t.word(value, words-1), asm.HostTo(asm.BE, value, asm.Word))
		searchNumber(a, v4, in, out)
	}
	if len(v6) > 0 {
		a.place(rest)
		t.searchWide(a, v6, in, out)
	}
}

// wide is an address as a number.
type wide struct{ high, low uint64 }

func wideOf(a flow.Addr) wide {
	return wide{binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])}
}

func (w wide) next() wide {
	w.low++
	if w.low == 0 {
		w.high++
	}
	return w
}

// searchWide looks for the address as a number of 128 bits.
func (t *addrTest) searchWide(a *assembler, ranges []filter.AddrRange, in, out label) {
	var edges []wide
	for _, r := range ranges {
		edges = append(edges, wideOf(r.From))
		if end := wideOf(r.To).next(); end != (wide{}) {
			edges = append(edges, end)
		}
	}
	t.half(a, value, 0)
	t.half(a, low, 2)
	s := &search{a: a, in: in, out: out}
	s.below = func(i int, to label) { below(a, edges[i], to) }
	s.among(0, len(edges), false)
}

// half loads two words of the address as a number.
func (t *addrTest) half(a *assembler, reg asm.Register, first int) {
	a.add(
		t.word(reg, first), asm.HostTo(asm.BE, reg, asm.Word), asm.LSh.Imm(reg, 32),
		t.word(other, first+1), asm.HostTo(asm.BE, other, asm.Word), asm.Or.Reg(reg, other),
	)
}

// below adds jumps that are taken when the address is less than an edge.
func below(a *assembler, edge wide, to label) {
	a.add(asm.LoadImm(other, int64(edge.high), asm.DWord))
	a.jump(asm.JLT.Reg(value, other, ""), to)
	if edge.low == 0 {
		return
	}
	end := a.label()
	a.jump(asm.JGT.Reg(value, other, ""), end)
	a.add(asm.LoadImm(other, int64(edge.low), asm.DWord))
	a.jump(asm.JLT.Reg(low, other, ""), to)
	a.place(end)
}
