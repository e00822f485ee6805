package diskqueue

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const version = 1

// Sizes of headers.
const (
	segmentHeader = 20
	// RecordHeader is how many bytes Append needs in front of a payload.
	RecordHeader = 28
)

var (
	magic = []byte{0xff, 'S', 'P', 'O', 'O', 'L', 0} // and the version
	mark  = []byte{0xfe, 'R', 'E', 'C'}

	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// salt makes the headers of one segment unlike those of any other.
type salt [8]byte

func appendSegmentHeader(dst []byte, s salt) []byte {
	begin := len(dst)
	dst = append(append(append(dst, magic...), version), s[:]...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[begin:], castagnoli))
}

// Errors of a segment's header.
var (
	errTorn    = errors.New("the header is not whole")
	errForeign = errors.New("not a segment of a disk queue")
	errDamaged = errors.New("the header is damaged")
)

// parseSegmentHeader returns the salt. p holds the first bytes of the file.
func parseSegmentHeader(p []byte) (s salt, err error) {
	n := min(len(p), len(magic))
	switch {
	case len(p) == 0, len(bytes.Trim(p, "\x00")) == 0:
		return s, errTorn // a crash left a file of nothing, or of zeros
	case !bytes.Equal(p[:n], magic[:n]):
		return s, errForeign
	case len(p) > len(magic) && p[len(magic)] != version:
		return s, fmt.Errorf("format %d, this program knows format %d", p[len(magic)], version)
	case len(p) < segmentHeader:
		return s, errTorn
	case crc32.Checksum(p[:16], castagnoli) != binary.LittleEndian.Uint32(p[16:]):
		return s, errDamaged
	}
	return salt(p[8:16]), nil
}

// header is that of a record.
type header struct {
	size    int // of the payload
	flows   int
	written int64
	sum     uint32 // of the payload
}

// put writes the header in front of a record.
func (h header) put(p []byte, s salt) {
	copy(p, mark)
	binary.LittleEndian.PutUint32(p[4:], uint32(h.size))
	binary.LittleEndian.PutUint32(p[8:], uint32(h.flows))
	binary.LittleEndian.PutUint64(p[12:], uint64(h.written))
	binary.LittleEndian.PutUint32(p[20:], h.sum)
	binary.LittleEndian.PutUint32(p[24:], headerSum(p, s))
}

func headerSum(p []byte, s salt) uint32 {
	return crc32.Update(crc32.Checksum(s[:], castagnoli), castagnoli, p[:24])
}

// parseHeader reads a header; false if there is none.
func parseHeader(p []byte, s salt) (h header, ok bool) {
	if len(p) < RecordHeader || !bytes.Equal(p[:4], mark) || headerSum(p, s) != binary.LittleEndian.Uint32(p[24:]) {
		return h, false
	}
	return header{
		size:    int(binary.LittleEndian.Uint32(p[4:])),
		flows:   int(binary.LittleEndian.Uint32(p[8:])),
		written: int64(binary.LittleEndian.Uint64(p[12:])),
		sum:     binary.LittleEndian.Uint32(p[20:]),
	}, true
}
