package push

import (
	"sort"

	"github.com/cilium/ebpf/asm"

	"github.com/flowpipeline/pipeline/filter"
)

// MaxInstructions bounds the instructions that Compile returns, of 8 bytes each.
const MaxInstructions = 4096

// Compile parts p into what the key of a flow tells and the rest: p matches the
// flows that part and rest match. code tests part; it is nil where part lets
// every key pass. When part would take more than MaxInstructions, the tests with
// the largest sets are left to the rest.
func Compile(p filter.Predicate) (code asm.Instructions, part, rest filter.Predicate) {
	if code, part, rest = compile(p, MaxInstructions); size(code) <= MaxInstructions {
		return code, part, rest
	}
	limit := sort.Search(MaxInstructions, func(n int) bool {
		code, _, _ := compile(p, n+1)
		return size(code) > MaxInstructions
	})
	return compile(p, limit)
}

// compile is Compile for tests that take no more than limit instructions each.
func compile(p filter.Predicate, limit int) (code asm.Instructions, part, rest filter.Predicate) {
	part, rest = filter.Split(p, func(t filter.Test) bool {
		// A range takes an instruction at least.
		return known(t) && len(t.Numbers)+len(t.Addrs) <= limit && size(assemble(lowered(t))) <= limit
	})
	return assemble(lowered(part.Form())), part, rest
}

// assemble makes the function; nil for one that would return 1 for every key.
func assemble(c condition) asm.Instructions {
	holds, ok := constant(c)
	if holds && ok {
		return nil
	}
	a := &assembler{}
	refused := a.label()
	if !ok {
		c.jump(a, false, refused)
		a.add(asm.Mov.Imm(asm.R0, 1), asm.Return())
	}
	a.place(refused)
	a.add(asm.Mov.Imm(asm.R0, 0), asm.Return())
	return a.finish()
}

// size is the number of instructions as the kernel counts them.
func size(code asm.Instructions) int { return int(code.Size() / asm.InstructionSize) }
