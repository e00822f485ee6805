package push_test

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unsafe"

	"github.com/cilium/ebpf/asm"

	"github.com/flowpipeline/pipeline/internal/packet"
)

// machine interprets instructions, as far as this package uses them. It insists on
// what is promised of them: forward jumps, few registers, aligned reads of the key
// alone, and no register read before it was written.
type machine struct {
	code    asm.Instructions
	offsets []int       // of an instruction, as the kernel counts
	at      map[int]int // an instruction by its offset
}

func newMachine(code asm.Instructions) *machine {
	m := &machine{code: code, at: map[int]int{}}
	next := 0
	for i, ins := range code {
		m.offsets = append(m.offsets, next)
		m.at[next] = i
		next += int(ins.Size() / asm.InstructionSize)
	}
	return m
}

// run runs the function for a key.
func (m *machine) run(k *packet.Key) (uint64, error) {
	memory := unsafe.Slice((*byte)(unsafe.Pointer(k)), unsafe.Sizeof(*k))
	var reg [5]uint64
	set := [5]bool{asm.R1: true}
	const pointer = 1 << 40 // what R1 holds
	reg[asm.R1] = pointer
	read := func(r asm.Register) (uint64, error) {
		if r > asm.R4 || !set[r] {
			return 0, fmt.Errorf("%v is not set", r)
		}
		return reg[r], nil
	}
	for i := 0; i < len(m.code); i++ {
		ins := m.code[i]
		class := ins.OpCode.Class()
		var x, y uint64
		var err error
		y = uint64(ins.Constant)
		if class.IsALU() || class.IsJump() {
			if op := ins.OpCode.JumpOp(); class.IsJump() && op == asm.Exit {
				return read(asm.R0)
			}
			if ins.OpCode.Source() == asm.RegSource && !(class == asm.ALUClass && ins.OpCode.ALUOp() == asm.Swap) {
				if y, err = read(ins.Src); err != nil {
					return 0, fmt.Errorf("%d: %v: %w", i, ins, err)
				}
			}
			if !(class.IsALU() && ins.OpCode.ALUOp() == asm.Mov) && !(class.IsJump() && ins.OpCode.JumpOp() == asm.Ja) {
				if x, err = read(ins.Dst); err != nil {
					return 0, fmt.Errorf("%d: %v: %w", i, ins, err)
				}
			}
		}
		narrow := class == asm.ALUClass || class == asm.Jump32Class
		if narrow {
			x, y = uint64(uint32(x)), uint64(uint32(y))
		}
		switch {
		case class.IsJump():
			var taken bool
			switch ins.OpCode.JumpOp() {
			case asm.Ja:
				taken = true
			case asm.JEq:
				taken = x == y
			case asm.JNE:
				taken = x != y
			case asm.JLT:
				taken = x < y
			case asm.JGT:
				taken = x > y
			default:
				return 0, fmt.Errorf("%d: %v is not known", i, ins)
			}
			if ins.Offset < 0 {
				return 0, fmt.Errorf("%d: %v jumps back", i, ins)
			}
			to, ok := m.at[m.offsets[i]+1+int(ins.Offset)]
			if !ok {
				return 0, fmt.Errorf("%d: %v jumps to nowhere", i, ins)
			}
			if taken {
				i = to - 1
			}
			continue
		case class == asm.LdXClass:
			size, from := ins.OpCode.Size().Sizeof(), int(ins.Offset)
			if ins.Src != asm.R1 || from < 0 || from+size > len(memory) || from%size != 0 {
				return 0, fmt.Errorf("%d: %v reads beside the key", i, ins)
			}
			switch word := memory[from:]; size {
			case 1:
				x = uint64(word[0])
			case 2:
				x = uint64(binary.NativeEndian.Uint16(word))
			case 4:
				x = uint64(binary.NativeEndian.Uint32(word))
			default:
				return 0, fmt.Errorf("%d: %v needs an aligned key", i, ins)
			}
		case class == asm.LdClass:
			x = y
		case class.IsALU():
			switch ins.OpCode.ALUOp() {
			case asm.Mov:
				x = y
			case asm.And:
				x &= y
			case asm.Or:
				x |= y
			case asm.LSh:
				x <<= y
			case asm.RSh:
				x >>= y
			case asm.Swap: // to network order, of 32 bits
				if isLittle() {
					x = uint64(bits.ReverseBytes32(uint32(x)))
				}
			default:
				return 0, fmt.Errorf("%d: %v is not known", i, ins)
			}
			if narrow {
				x = uint64(uint32(x))
			}
		default:
			return 0, fmt.Errorf("%d: %v is not known", i, ins)
		}
		if ins.Dst == asm.R1 || ins.Dst > asm.R4 {
			return 0, fmt.Errorf("%d: %v writes what it must not", i, ins)
		}
		reg[ins.Dst], set[ins.Dst] = x, true
	}
	return 0, fmt.Errorf("runs off the end")
}

func isLittle() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }
