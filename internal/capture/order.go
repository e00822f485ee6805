package capture

import "encoding/binary"

// byteOrder reads numbers in the order of whoever wrote the capture.
type byteOrder struct{ big bool }

func (o byteOrder) u32(p []byte) uint32 {
	if o.big {
		return binary.BigEndian.Uint32(p)
	}
	return binary.LittleEndian.Uint32(p)
}

func (o byteOrder) u16(p []byte) uint16 {
	if o.big {
		return binary.BigEndian.Uint16(p)
	}
	return binary.LittleEndian.Uint16(p)
}
