//go:build linux

package kernel

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// selector is the function of the programs whose place a filter takes.
const selector = "selected"

// selectBy makes a program run a filter where it calls the selector. The filter is
// put behind the program, which jumps there and back: that costs less than a call,
// and moves nothing that other jumps lead over.
func selectBy(p *ebpf.ProgramSpec, filter asm.Instructions) error {
	code := slices.Clone(p.Instructions)
	calls := func(in asm.Instruction) bool { return in.IsFunctionCall() && in.Reference() == selector }
	call := slices.IndexFunc(code, calls)
	begin := slices.IndexFunc(code, func(in asm.Instruction) bool { return in.Symbol() == selector })
	if call < 0 || begin < 0 || slices.IndexFunc(code[call+1:], calls) >= 0 {
		return fmt.Errorf("program %s does not call %s once", p.Name, selector)
	}
	const there, back = "selection begins", "selection ends"
	code[call] = asm.Ja.Label(there)
	code[call+1] = code[call+1].WithSymbol(back)

	code = slices.Delete(code, begin, function(code, begin))
	end := function(code, call+1)
	p.Instructions = slices.Insert(code, end, inline(filter, there, back)...)
	return nil
}

// function returns where the function ends that an instruction is in.
func function(code asm.Instructions, in int) int {
	next := slices.IndexFunc(code[in+1:], func(in asm.Instruction) bool { return in.Symbol() != "" })
	if next < 0 {
		return len(code)
	}
	return in + 1 + next
}

// inline returns a function's code with a label before it, and jumps to another one
// in place of returns.
func inline(code asm.Instructions, there, back string) asm.Instructions {
	begin := asm.Mov.Reg(asm.R1, asm.R1).WithSymbol(there) // does nothing
	body := append(asm.Instructions{begin}, code...)
	for i, in := range body {
		if in.OpCode.JumpOp() == asm.Exit {
			body[i] = asm.Ja.Label(back).WithSymbol(in.Symbol())
		}
	}
	return body
}
