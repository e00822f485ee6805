package datagram

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flowpipeline/pipeline/internal/input"
)

// File reads the datagrams of a file: of a recording, or of a packet capture,
// which its first bytes tell. It may be compressed.
type File struct {
	in    *input.Reader
	buf   *input.Buffer
	ports []uint16
	inner Receiver // nil until the first bytes are there
}

// past is a deadline that is over: of a file there is all, of a pipe what is
// there is taken.
var past = time.Unix(1, 0)

// NewFile reads from in, which Close closes. Of a capture it takes the datagrams
// to the given ports, or with none those to any port that are whole flow exports.
func NewFile(in *input.Reader, ports ...uint16) *File {
	in.Resume()
	return &File{in: in, buf: input.NewBuffer(in), ports: ports}
}

// Receive returns the next datagram. Errors name the file.
func (f *File) Receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	if deadline.IsZero() {
		deadline = past
	}
	out, err := f.receive(ctx, deadline)
	if err == nil || err == io.EOF || err == os.ErrDeadlineExceeded || err == ctx.Err() {
		return out, err
	}
	return nil, fmt.Errorf("%s: %w", f.in.Name(), err)
}

func (f *File) receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	for f.inner == nil {
		switch head := f.buf.Bytes(); {
		case len(head) > 0 && head[0] == magic[0]:
			f.inner = &recording{buf: f.buf}
		case len(head) > 0 || f.buf.Ended():
			f.inner = newCaptured(f.in, f.buf, f.ports)
		default:
			if err := f.buf.Fill(ctx, deadline, 1); err != nil {
				return nil, err
			}
		}
	}
	return f.inner.Receive(ctx, deadline)
}

// Counts returns what of the file gave no datagrams.
func (f *File) Counts() Counts {
	switch in := f.inner.(type) {
	case *captured:
		return in.counts
	case *recording:
		c, d := in.counts, f.in.Damage()
		c.Torn += d.Places
		c.TornBytes += d.Bytes
		return c
	}
	return Counts{}
}

// Close closes the file.
func (f *File) Close() error { return f.in.Close() }
