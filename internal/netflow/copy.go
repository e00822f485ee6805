package netflow

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// flowSize is the distance of two flows of a batch.
const flowSize = unsafe.Sizeof(flow.Flow{})

// copier copies one field of records to flows of a batch that lie side by side.
// dst is the field of the first flow; the field of each record lies at one of offs
// from src.
//
// Each is a function of its own, so that its loop lies in memory as it is written
// here and not as what is compiled beside it has it: that made up to a third of
// the time.
type copier func(dst, src unsafe.Pointer, offs []uint32)

// at is what lies at an offset of a record, row what lies in a flow.
func at[T any](src unsafe.Pointer, off uint32) *T { return (*T)(unsafe.Add(src, uintptr(off))) }

func row[T any](dst unsafe.Pointer, i int) *T { return (*T)(unsafe.Add(dst, uintptr(i)*flowSize)) }

// numbers returns the copier of an unsigned number by its bytes in the record and
// in the flow; nil if there is none.
func numbers(size, width uint16) copier {
	switch [2]uint16{size, width} {
	case [2]uint16{1, 1}:
		return copyByte
	case [2]uint16{1, 2}:
		return copy1to2
	case [2]uint16{1, 4}:
		return copy1to4
	case [2]uint16{1, 8}:
		return copy1to8
	case [2]uint16{2, 2}:
		return copy2to2
	case [2]uint16{2, 4}:
		return copy2to4
	case [2]uint16{2, 8}:
		return copy2to8
	case [2]uint16{3, 4}:
		return copy3to4
	case [2]uint16{4, 4}:
		return copy4to4
	case [2]uint16{4, 8}:
		return copy4to8
	case [2]uint16{8, 8}:
		return copy8to8
	}
	return nil
}

func copyByte(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint8](dst, i) = *at[uint8](src, off)
	}
}

func copy1to2(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint16](dst, i) = uint16(*at[uint8](src, off))
	}
}

func copy1to4(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint32](dst, i) = uint32(*at[uint8](src, off))
	}
}

func copy1to8(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint64](dst, i) = uint64(*at[uint8](src, off))
	}
}

func copy2to2(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint16](dst, i) = u16(at[[2]byte](src, off)[:])
	}
}

func copy2to4(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint32](dst, i) = uint32(u16(at[[2]byte](src, off)[:]))
	}
}

func copy2to8(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint64](dst, i) = uint64(u16(at[[2]byte](src, off)[:]))
	}
}

func copy3to4(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		p := at[[3]byte](src, off)
		*row[uint32](dst, i) = uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
	}
}

func copy4to4(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint32](dst, i) = u32(at[[4]byte](src, off)[:])
	}
}

func copy4to8(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint64](dst, i) = uint64(u32(at[[4]byte](src, off)[:]))
	}
}

func copy8to8(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[uint64](dst, i) = u64(at[[8]byte](src, off)[:])
	}
}

func copyMAC(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[[6]byte](dst, i) = *at[[6]byte](src, off)
	}
}

// copyIPv4 copies to the end of an address. The prefix of the mapped form is in the
// prototype.
func copyIPv4(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[[4]byte](dst, i) = *at[[4]byte](src, off)
	}
}

func copyIPv6(dst, src unsafe.Pointer, offs []uint32) {
	for i, off := range offs {
		*row[[16]byte](dst, i) = *at[[16]byte](src, off)
	}
}
