package push

import "github.com/cilium/ebpf/asm"

// What the registers hold.
const (
	key   = asm.R1 // the pointer that the function is given
	value = asm.R2 // of the key; of an address the upper half
	low   = asm.R3 // its lower half
	other = asm.R4 // what these are compared with
)

// assembler gathers instructions. Jumps go to labels that are placed behind them.
type assembler struct {
	code   asm.Instructions
	jumps  []jump
	places []int // by label: the index of the instruction there
}

// label is where jumps go to.
type label int

type jump struct {
	from int // index of the instruction
	to   label
}

func (a *assembler) label() label {
	a.places = append(a.places, 0)
	return label(len(a.places) - 1)
}

func (a *assembler) add(ins ...asm.Instruction) { a.code = append(a.code, ins...) }

// jump adds an instruction that jumps to a label.
func (a *assembler) jump(ins asm.Instruction, to label) {
	a.jumps = append(a.jumps, jump{len(a.code), to})
	a.add(ins)
}

// jumpIf adds one that jumps when the values are equal, or when they are not.
func (a *assembler) jumpIf(equal bool, reg asm.Register, v uint32, to label) {
	op := asm.JNE
	if equal {
		op = asm.JEq
	}
	a.jump(op.Imm32(reg, int32(v), ""), to)
}

// place lets a label be the next instruction. A jump that leads there from right
// before it is dropped.
func (a *assembler) place(l label) {
	last, n := len(a.code)-1, len(a.jumps)-1
	if n >= 0 && a.jumps[n] == (jump{last, l}) && a.code[last].OpCode.JumpOp() == asm.Ja {
		a.code, a.jumps = a.code[:last], a.jumps[:n]
	}
	a.places[l] = len(a.code)
}

// exits returns where keys go to that pass a test, and those that do not, if the
// test is to jump to a label when its outcome is as it is wanted. The test places
// end behind it.
func (a *assembler) exits(want bool, to label) (in, out, end label) {
	end = a.label()
	if want {
		return to, end, end
	}
	return end, to, end
}

// finish returns the instructions.
func (a *assembler) finish() asm.Instructions {
	offsets := make([]int, len(a.code)) // as the kernel counts
	next := 0
	for i, ins := range a.code {
		offsets[i] = next
		next += size(asm.Instructions{ins})
	}
	for _, j := range a.jumps {
		a.code[j.from].Offset = int16(offsets[a.places[j.to]] - offsets[j.from] - 1)
	}
	return a.code
}
