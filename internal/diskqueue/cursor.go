package diskqueue

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// cursor is the file that tells up to where records are acknowledged. It may be
// behind what is true, after a crash or when it cannot be written, but never ahead.
type cursor struct {
	file *os.File
	buf  [28]byte
}

// place is a place in a segment.
type place struct {
	seq    uint64
	salt   salt
	offset int64
}

// openCursor opens or makes the file, and reads it: the zero place if it says
// nothing.
func openCursor(dir string) (*cursor, place, error) {
	f, err := os.OpenFile(filepath.Join(dir, "cursor"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, place{}, err
	}
	c := &cursor{file: f}
	if _, err := f.ReadAt(c.buf[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return c, place{}, nil
		}
		return nil, place{}, errors.Join(err, f.Close())
	}
	p := c.buf[:]
	if crc32.Checksum(p[:24], castagnoli) != binary.LittleEndian.Uint32(p[24:]) {
		return c, place{}, nil
	}
	return c, place{
		seq:    binary.LittleEndian.Uint64(p),
		salt:   salt(p[8:16]),
		offset: int64(binary.LittleEndian.Uint64(p[16:])),
	}, nil
}

func (c *cursor) write(at place) error {
	p := c.buf[:]
	binary.LittleEndian.PutUint64(p, at.seq)
	copy(p[8:], at.salt[:])
	binary.LittleEndian.PutUint64(p[16:], uint64(at.offset))
	binary.LittleEndian.PutUint32(p[24:], crc32.Checksum(p[:24], castagnoli))
	_, err := c.file.WriteAt(p, 0)
	return err
}
