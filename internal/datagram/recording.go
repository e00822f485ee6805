package datagram

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/flowpipeline/pipeline/internal/input"
)

// recording reads a recording.
type recording struct {
	buf    *input.Buffer
	off    int64 // of the next part in the (decompressed) recording
	held   int   // bytes of the record that was given out
	torn   error // what is wrong before off, while the next section is looked for
	counts Counts
	out    [1]Datagram
}

// Receive returns the next datagram.
func (r *recording) Receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	r.skip(r.held)
	r.held = 0
	for {
		if r.torn != nil {
			if err := r.seek(ctx, deadline); err != nil {
				return nil, err
			}
		}
		p, err := r.part(ctx, deadline)
		switch {
		case err != nil:
			return nil, err
		case len(p) >= recordHeader:
			r.held = len(p)
			r.out[0] = parseRecord(p)
			return r.out[:], nil
		}
		r.skip(len(p))
	}
}

// part returns the next record, or the header of a section; nothing when what
// comes is neither, which r.torn then says.
func (r *recording) part(ctx context.Context, deadline time.Time) ([]byte, error) {
	p, err := r.peek(ctx, deadline, 1)
	switch {
	case err != nil:
		return nil, err
	case len(p) == 0:
		return nil, io.EOF
	case p[0] == magic[0]:
		return r.header(ctx, deadline)
	}
	size := recordHeader
	if p, err = r.peek(ctx, deadline, size); err == nil && len(p) == size {
		size = recordSize(p)
		p, err = r.peek(ctx, deadline, size)
	}
	switch {
	case err != nil:
		return nil, err
	case len(p) < size:
		r.cut(len(p))
		return nil, nil
	case checksum(p) != binary.BigEndian.Uint32(p[summed:]):
		r.tear(fmt.Errorf("byte %d: the record is damaged", r.off))
		return nil, nil
	}
	return p, nil
}

func (r *recording) header(ctx context.Context, deadline time.Time) ([]byte, error) {
	p, err := r.peek(ctx, deadline, len(magic))
	switch {
	case err != nil:
		return nil, err
	case len(p) < len(magic):
		r.cut(len(p))
	case bytes.Equal(p, magic[:]):
		return p, nil
	case bytes.HasPrefix(p, magic[:len(magic)-1]):
		r.tear(fmt.Errorf("byte %d: not a recording of version %d", r.off, magic[len(magic)-1]))
	default:
		r.tear(fmt.Errorf("byte %d: not a recording of datagrams", r.off))
	}
	return nil, nil
}

// cut notes that the stream ends n bytes into a part.
func (r *recording) cut(n int) {
	r.tear(fmt.Errorf("truncated at byte %d: %w", r.off+int64(n), io.ErrUnexpectedEOF))
}

// tear notes that no whole part begins here. A section may begin at the next byte.
func (r *recording) tear(err error) {
	r.torn = err
	r.counts.Torn++
	r.drop(1)
}

// seek goes on to the next section. Without one, what is wrong is an error.
func (r *recording) seek(ctx context.Context, deadline time.Time) error {
	for {
		p := r.buf.Bytes()
		if i := bytes.Index(p, magic[:]); i >= 0 {
			r.drop(i)
			r.torn = nil
			return nil
		}
		if r.buf.Ended() {
			return r.torn
		}
		r.drop(max(len(p)-len(magic)+1, 0)) // it may begin at the end of p
		if err := r.buf.Fill(ctx, deadline, len(magic)); err != nil {
			return err
		}
	}
}

func (r *recording) drop(n int) {
	r.counts.TornBytes += uint64(n)
	r.skip(n)
}

func (r *recording) skip(n int) {
	r.buf.Skip(n)
	r.off += int64(n)
}

// peek returns the next n bytes, and less only at the end.
func (r *recording) peek(ctx context.Context, deadline time.Time, n int) ([]byte, error) {
	for len(r.buf.Bytes()) < n && !r.buf.Ended() {
		if err := r.buf.Fill(ctx, deadline, n); err != nil {
			return nil, err
		}
	}
	return r.buf.Bytes()[:min(n, len(r.buf.Bytes()))], nil
}
