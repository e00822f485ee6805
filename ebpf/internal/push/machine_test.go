package push_test

import (
	"encoding/binary"
	"errors"
	"fmt"
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

	key  []byte
	regs [asm.R4 + 1]uint64
	set  [asm.R4 + 1]bool
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
	m.key = unsafe.Slice((*byte)(unsafe.Pointer(k)), unsafe.Sizeof(*k))
	m.set = [len(m.set)]bool{asm.R1: true}
	for i := 0; i < len(m.code); {
		ins := m.code[i]
		if ins.OpCode.JumpOp() == asm.Exit {
			return m.read(asm.R0)
		}
		next, err := m.step(i, ins)
		if err != nil {
			return 0, fmt.Errorf("%d: %v: %w", i, ins, err)
		}
		i = next
	}
	return 0, errors.New("runs off the end")
}

// step runs an instruction and returns which comes next.
func (m *machine) step(i int, ins asm.Instruction) (next int, err error) {
	var v uint64
	switch class := ins.OpCode.Class(); {
	case class.IsJump():
		taken, err := m.jump(ins)
		to, ok := m.at[m.offsets[i]+1+int(ins.Offset)]
		if err == nil && (!ok || to <= i) {
			err = errors.New("jumps back, or between instructions")
		}
		if !taken {
			to = i + 1
		}
		return to, err
	case class.IsALU():
		v, err = m.alu(ins)
	case class == asm.LdXClass:
		v, err = m.load(ins)
	case ins.OpCode.IsDWordLoad():
		v = uint64(ins.Constant)
	default:
		err = errors.New("is not known")
	}
	if ins.Dst == asm.R1 || ins.Dst > asm.R4 {
		return 0, errors.New("writes a register that it must not")
	}
	m.regs[ins.Dst], m.set[ins.Dst] = v, true
	return i + 1, err
}

func (m *machine) read(r asm.Register) (uint64, error) {
	if r > asm.R4 || !m.set[r] {
		return 0, fmt.Errorf("%v is not set", r)
	}
	return m.regs[r], nil
}

// operands returns what an instruction works on: 64 bits or 32.
func (m *machine) operands(ins asm.Instruction) (x, y uint64, err error) {
	x, err = m.read(ins.Dst)
	y = uint64(ins.Constant)
	if ins.OpCode.Source() == asm.RegSource {
		var missing error
		y, missing = m.read(ins.Src)
		err = errors.Join(err, missing)
	}
	if c := ins.OpCode.Class(); c == asm.ALUClass || c == asm.Jump32Class {
		x, y = uint64(uint32(x)), uint64(uint32(y))
	}
	return x, y, err
}

func (m *machine) jump(ins asm.Instruction) (taken bool, err error) {
	op := ins.OpCode.JumpOp()
	if op == asm.Ja {
		return true, nil
	}
	x, y, err := m.operands(ins)
	switch op {
	case asm.JEq:
		return x == y, err
	case asm.JNE:
		return x != y, err
	case asm.JLT:
		return x < y, err
	case asm.JGT:
		return x > y, err
	}
	return false, errors.New("is not known")
}

func (m *machine) alu(ins asm.Instruction) (uint64, error) {
	switch op := ins.OpCode.ALUOp(); op {
	case asm.Mov:
		return uint64(ins.Constant), nil
	case asm.Swap: // 32 bits to network order
		v, err := m.read(ins.Dst)
		var b [4]byte
		binary.NativeEndian.PutUint32(b[:], uint32(v))
		return uint64(binary.BigEndian.Uint32(b[:])), err
	default:
		x, y, err := m.operands(ins)
		switch op {
		case asm.And:
			return x & y, err
		case asm.Or:
			return x | y, err
		case asm.LSh:
			return x << y, err
		case asm.RSh:
			return x >> y, err
		}
	}
	return 0, errors.New("is not known")
}

func (m *machine) load(ins asm.Instruction) (uint64, error) {
	size, from := ins.OpCode.Size().Sizeof(), int(ins.Offset)
	if ins.Src != asm.R1 || from < 0 || from+size > len(m.key) || from%size != 0 {
		return 0, errors.New("reads beside the key")
	}
	switch b := m.key[from:]; size {
	case 1:
		return uint64(b[0]), nil
	case 2:
		return uint64(binary.NativeEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.NativeEndian.Uint32(b)), nil
	}
	return 0, errors.New("reads more than the key is aligned to")
}
