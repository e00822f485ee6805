package capture

import (
	"encoding/binary"
	"errors"
	"io"
)

// Reader reads a capture from a stream. It is not safe for concurrent use.
type Reader struct {
	win        window
	next       func(*Reader, *Record) error
	interfaces []Interface
	err        error // what ended the capture

	pcap pcapState
	ng   pcapngState
}

// NewReader returns a reader of the capture in src, which must not be
// compressed. It reads nothing yet.
func NewReader(src io.Reader) *Reader {
	return &Reader{win: window{src: src}, next: (*Reader).begin}
}

// Next reads the next packet into rec, whose Data is valid until the call after.
//
// It returns io.EOF at the end of the capture, a *FormatError for a capture that
// is malformed or ends within a record, and else what the stream returned. After
// a FormatError or io.EOF it returns the same again; after an error of the
// stream that passes (a read deadline) it goes on where it stopped.
func (r *Reader) Next(rec *Record) error {
	if r.err != nil {
		return r.err
	}
	err := r.next(r, rec)
	if err == nil {
		return nil
	}
	var bad *FormatError
	if err == io.EOF || errors.As(err, &bad) {
		r.err = err
	}
	return err
}

// Interface describes the interface of a record.
func (r *Reader) Interface(i int) Interface { return r.interfaces[i] }

// Interfaces returns how many interfaces the capture has shown so far.
func (r *Reader) Interfaces() int { return len(r.interfaces) }

// Offset returns how many bytes of the capture have arrived.
func (r *Reader) Offset() int64 { return r.win.end() }

// begin finds out what kind of capture it is.
func (r *Reader) begin(rec *Record) error {
	head, err := r.need(4, "file header")
	if err != nil {
		if err == io.EOF {
			return &FormatError{Reason: "an empty file is not a capture", Err: io.ErrUnexpectedEOF}
		}
		return err
	}
	if binary.BigEndian.Uint32(head) == blockSection {
		r.next = (*Reader).nextBlock
		return r.next(r, rec)
	}
	return r.beginPcap(rec)
}

// need peeks n bytes of a record. Before its first byte the end of the stream is
// io.EOF; within it, a truncation.
func (r *Reader) need(n int, what string) ([]byte, error) {
	p, err := r.win.peek(n)
	if err == nil || err != io.EOF || len(p) == 0 {
		return p, err
	}
	return nil, &FormatError{
		Offset: r.win.end(),
		Reason: "the " + what + " is cut off",
		Err:    io.ErrUnexpectedEOF,
	}
}
