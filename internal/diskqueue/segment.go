package diskqueue

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// segment is one file of records.
type segment struct {
	seq  uint64
	path string
	salt salt
	size int64 // bytes up to where it may be read

	flows  int64 // from where reading began
	read   int64 // of them, handed out or lost
	acked  int64 // of them, acknowledged
	out    int   // records handed out and not acknowledged
	first  int64 // when its first record was written
	passed int64 // when the latest acknowledged one was
}

const ending = ".spool"

func segmentPath(dir string, seq uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", seq, ending))
}

// create makes the file of a segment.
func (s *segment) create() (*os.File, error) {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, _ = rand.Read(s.salt[:]) // never fails
	p := appendSegmentHeader(nil, s.salt)
	if _, err := f.WriteAt(p, 0); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(s.path))
	}
	s.size = int64(len(p))
	return f, nil
}

// load reads the header of a segment that is there.
func (s *segment) load() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p := make([]byte, min(segmentHeader, info.Size()))
	if _, err := io.ReadFull(f, p); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if s.salt, err = parseSegmentHeader(p); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.size = info.Size()
	return nil
}

// count counts the flows from an offset on.
func (s *segment) count(from int64) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := scanner{f, s.salt, s.size}
	for at := from; ; {
		h, found, err := r.find(at)
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		if found < 0 || h.end(found) > s.size {
			return nil
		}
		if s.first == 0 {
			s.first = h.written
		}
		s.flows += int64(h.flows)
		at = h.end(found)
	}
}

func (h header) end(at int64) int64 { return at + RecordHeader + int64(h.size) }

// scanner looks for records in a segment.
type scanner struct {
	file io.ReaderAt
	salt salt
	size int64
}

// at reads the header at an offset; false if there is none.
func (r scanner) at(off int64) (h header, ok bool, err error) {
	var p [RecordHeader]byte
	if off+RecordHeader > r.size {
		return h, false, nil
	}
	if _, err := r.file.ReadAt(p[:], off); err != nil {
		return h, false, noEOF(err)
	}
	h, ok = parseHeader(p[:], r.salt)
	return h, ok, nil
}

// find returns the first header from an offset on, and where it is; -1 for none.
func (r scanner) find(off int64) (h header, found int64, err error) {
	if h, ok, err := r.at(off); ok || err != nil {
		return h, off, err
	}
	buf := make([]byte, 64<<10)
	for off+RecordHeader <= r.size {
		n := int(min(int64(len(buf)), r.size-off))
		if _, err := r.file.ReadAt(buf[:n], off); err != nil {
			return h, -1, noEOF(err)
		}
		for i := 0; ; i++ {
			next := bytes.Index(buf[i:n], mark)
			if next < 0 || i+next+RecordHeader > n {
				break
			}
			i += next
			if h, ok := parseHeader(buf[i:n], r.salt); ok {
				return h, off + int64(i), nil
			}
		}
		off += int64(n - RecordHeader + 1)
	}
	return h, -1, nil
}

// noEOF makes an error of the end of a file that was longer before.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
