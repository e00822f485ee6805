package datagram

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// magic begins a section of a recording. Its last byte is the version.
var magic = [8]byte{0xff, 'D', 'G', 'R', 'A', 'M', 0, 2}

const (
	recordHeader = 36        // size of a record without its payload
	recordBuffer = 128 << 10 // has room for any record
)

// Recorder writes a recording. It is not safe for concurrent use.
type Recorder struct {
	buf    *bufio.Writer
	packed io.WriteCloser // compresses what buf writes; nil for none
	file   io.Closer      // to close; nil for none
	err    error          // what ended the recording

	pending, lost uint64 // datagrams in buf; not recorded
}

// Create opens the recording at path, and begins a section behind what is
// there. It is compressed when the name ends in .gz or .zst.
func Create(path string) (*Recorder, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	r := &Recorder{file: f}
	var out io.Writer = f
	switch {
	case strings.HasSuffix(path, ".gz"):
		r.packed = gzip.NewWriter(f)
		out = r.packed
	case strings.HasSuffix(path, ".zst"):
		if r.packed, err = zstd.NewWriter(f, zstd.WithEncoderConcurrency(1)); err != nil {
			f.Close()
			return nil, err
		}
		out = r.packed
	}
	r.begin(out)
	return r, nil
}

// NewRecorder begins a recording in w, which stays the caller's.
func NewRecorder(w io.Writer) *Recorder {
	r := &Recorder{}
	r.begin(w)
	return r
}

func (r *Recorder) begin(w io.Writer) {
	r.buf = bufio.NewWriterSize(w, recordBuffer)
	_, _ = r.buf.Write(magic[:]) // there is room
}

// Write adds a datagram. After an error it writes no more and returns the same
// error: half a record would spoil what follows.
func (r *Recorder) Write(d *Datagram) error {
	if r.err != nil {
		r.lose(d)
		return r.err
	}
	if len(d.Payload) > MaxPayload {
		r.lose(d)
		return fmt.Errorf("a payload of %d bytes is more than %d", len(d.Payload), MaxPayload)
	}
	if r.buf.Available() < recordHeader+len(d.Payload) && r.flush() != nil {
		r.lose(d)
		return r.err
	}
	var h [recordHeader]byte
	binary.BigEndian.PutUint64(h[:], uint64(max(d.Received, 0)))
	addr := d.From.Addr().As16()
	copy(h[8:], addr[:])
	binary.BigEndian.PutUint16(h[24:], d.From.Port())
	binary.BigEndian.PutUint64(h[26:], uint64(d.Session))
	binary.BigEndian.PutUint16(h[34:], uint16(len(d.Payload)))
	_, _ = r.buf.Write(h[:]) // there is room
	_, _ = r.buf.Write(d.Payload)
	if !d.Ends() {
		r.pending++
	}
	return nil
}

func (r *Recorder) lose(d *Datagram) {
	if !d.Ends() {
		r.lost++
	}
}

// Lost returns how many of the datagrams given to Write are not recorded. Those
// that an error caught on their way through a compressor are not among them.
func (r *Recorder) Lost() uint64 { return r.lost }

// flush writes what is buffered. Without success the recording has ended.
func (r *Recorder) flush() error {
	if r.err = r.buf.Flush(); r.err != nil {
		r.lost += r.pending
	}
	r.pending = 0
	return r.err
}

// Close writes what is buffered and closes what Create opened.
func (r *Recorder) Close() error {
	err := r.err
	if err == nil {
		err = r.flush()
	}
	if r.packed != nil {
		err = errors.Join(err, r.packed.Close())
	}
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}
