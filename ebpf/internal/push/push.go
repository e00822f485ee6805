package push

import (
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
	for limit := MaxInstructions; ; {
		largest := 0
		part, rest = filter.Split(p, func(t filter.Test) bool {
			if !known(t) {
				return false
			}
			n := size(assemble(lowered(t)))
			if n > limit {
				return false
			}
			largest = max(largest, n)
			return true
		})
		code = assemble(lowered(part.Form()))
		if size(code) <= MaxInstructions {
			return code, part, rest
		}
		limit = largest - 1
	}
}

// assemble makes the function; nil for one that would return 1 for every key.
func assemble(c condition) asm.Instructions {
	passes, fixed := constant(c)
	if passes && fixed {
		return nil
	}
	a := &assembler{}
	refused := a.label()
	if !fixed {
		a.jump(asm.JEq.Imm(key, 0, ""), refused)
		c.jump(a, false, refused)
		a.add(asm.Mov.Imm(asm.R0, 1), asm.Return())
	}
	a.place(refused)
	a.add(asm.Mov.Imm(asm.R0, 0), asm.Return())
	return a.finish()
}

// size is the number of instructions as the kernel counts them.
func size(code asm.Instructions) int { return int(code.Size() / asm.InstructionSize) }
