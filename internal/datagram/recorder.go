package datagram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"os"
)

// magic begins a section of a recording. Its last byte is the version.
var magic = [8]byte{0xff, 'D', 'G', 'R', 'A', 'M', 0, 2}

const (
	summed       = 36         // bytes of a record before its checksum
	recordHeader = summed + 4 // size of a record without its payload
	maxSection   = 128 << 10  // has room for any record
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is that of a record, which has its payload behind the header.
func checksum(rec []byte) uint32 {
	sum := crc32.Update(0, castagnoli, rec[:summed])
	return crc32.Update(sum, castagnoli, rec[recordHeader:])
}

// Recorder writes a recording. It is not safe for concurrent use.
type Recorder struct {
	out  io.Writer
	pack packer    // nil for none
	file io.Closer // to close; nil for none
	err  error     // what ended the recording

	section []byte // not written yet: the magic number and records
	packed  []byte // the latest section that was compressed
	written bool   // a section was
	lost    uint64
}

// Create opens the recording at path, and begins a section behind what is
// there. It is compressed when the name ends in .gz or .zst.
func Create(path string) (*Recorder, error) {
	pack, err := packerFor(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	r := NewRecorder(f)
	r.file, r.pack = f, pack
	return r, nil
}

// NewRecorder begins a recording in w, which stays the caller's.
func NewRecorder(w io.Writer) *Recorder {
	return &Recorder{out: w, section: append(make([]byte, 0, maxSection), magic[:]...)}
}

// Write adds a datagram. After an error it writes no more and returns the same
// error.
func (r *Recorder) Write(d *Datagram) error {
	if r.err != nil {
		r.lose(d)
		return r.err
	}
	if len(d.Payload) > MaxPayload {
		r.lose(d)
		return fmt.Errorf("a payload of %d bytes is more than %d", len(d.Payload), MaxPayload)
	}
	if len(r.section)+recordHeader+len(d.Payload) > maxSection && r.flush() != nil {
		r.lose(d)
		return r.err
	}
	begin := len(r.section)
	addr := d.From.Addr().As16()
	p := binary.BigEndian.AppendUint64(r.section, uint64(max(d.Received, 0)))
	p = append(p, addr[:]...)
	p = binary.BigEndian.AppendUint16(p, d.From.Port())
	p = binary.BigEndian.AppendUint64(p, uint64(d.Session))
	p = binary.BigEndian.AppendUint16(p, uint16(len(d.Payload)))
	p = append(append(p, 0, 0, 0, 0), d.Payload...)
	binary.BigEndian.PutUint32(p[begin+summed:], checksum(p[begin:]))
	r.section = p
	return nil
}

func (r *Recorder) lose(d *Datagram) {
	if !d.Ends() {
		r.lost++
	}
}

// Lost returns how many of the datagrams given to Write are not recorded.
func (r *Recorder) Lost() uint64 { return r.lost }

// flush writes the section and begins another. Without success the recording has
// ended.
func (r *Recorder) flush() error {
	if len(r.section) == len(magic) && r.written {
		return nil
	}
	r.written = true
	p := r.section
	if r.pack != nil {
		r.packed, r.err = r.pack(r.packed[:0], p)
		p = r.packed
	}
	n := 0
	if r.err == nil {
		if n, r.err = r.out.Write(p); r.err == nil && n < len(p) {
			r.err = io.ErrShortWrite
		}
	}
	if r.err != nil {
		r.lost += records(r.section)
		if r.pack == nil {
			r.lost -= records(r.section[:n])
		}
	}
	r.section = r.section[:len(magic)]
	return r.err
}

// records returns how many datagrams are whole in a section that may be cut off.
func records(section []byte) (n uint64) {
	for p := section[min(len(magic), len(section)):]; len(p) >= recordHeader; {
		size := recordSize(p)
		if size > len(p) {
			break
		}
		if d := parseRecord(p[:size]); !d.Ends() {
			n++
		}
		p = p[size:]
	}
	return n
}

// recordSize returns the size of the record that a header begins.
func recordSize(header []byte) int {
	return recordHeader + int(binary.BigEndian.Uint16(header[34:]))
}

// parseRecord returns the datagram of a whole record.
func parseRecord(p []byte) Datagram {
	return Datagram{
		Payload:  p[recordHeader:len(p):len(p)],
		From:     netip.AddrPortFrom(netip.AddrFrom16([16]byte(p[8:24])).Unmap(), binary.BigEndian.Uint16(p[24:])),
		Received: int64(binary.BigEndian.Uint64(p)),
		Session:  int64(binary.BigEndian.Uint64(p[26:])),
	}
}

// Close writes what is held and closes what Create opened.
func (r *Recorder) Close() error {
	err := r.err
	if err == nil {
		err = r.flush()
	}
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}
