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

// selectBy makes a filter the body of a program's selector.
func selectBy(p *ebpf.ProgramSpec, filter asm.Instructions) error {
	is := func(in asm.Instruction) bool { return in.Symbol() == selector }
	begin := slices.IndexFunc(p.Instructions, is)
	if begin < 0 {
		return fmt.Errorf("program %s has no function %s", p.Name, selector)
	}
	rest := slices.IndexFunc(p.Instructions[begin+1:], func(in asm.Instruction) bool { return in.Symbol() != "" })
	end := len(p.Instructions)
	if rest >= 0 {
		end = begin + 1 + rest
	}
	// The verifier looks at the function by itself, and allows for no key. What
	// the first instruction tells of the function stays.
	first := asm.Mov.Imm(asm.R0, 0)
	first.Metadata = p.Instructions[begin].Metadata
	body := append(asm.Instructions{
		first,
		{OpCode: asm.JNE.Op(asm.ImmSource), Dst: asm.R1, Offset: 1},
		asm.Return(),
	}, filter...)
	p.Instructions = slices.Replace(p.Instructions, begin, end, body...)
	return nil
}
