package input

import (
	"context"
	"io"
	"time"
)

// firstBuffer is the memory of a Buffer at first, in bytes.
const firstBuffer = 64 << 10

// Buffer holds a part of a stream, so that whole records can be cut off it.
type Buffer struct {
	in       *Reader
	buf      []byte
	from, to int
	eof      bool
}

// NewBuffer returns an empty buffer for a stream.
func NewBuffer(in *Reader) *Buffer { return &Buffer{in: in} }

// Bytes returns what was read and not yet skipped. It is valid until Fill.
func (b *Buffer) Bytes() []byte { return b.buf[b.from:b.to] }

// Skip takes n bytes off the front.
func (b *Buffer) Skip(n int) { b.from += n }

// Ended reports whether the stream is over: no more than Bytes will come.
func (b *Buffer) Ended() bool { return b.eof }

// Fill reads more, at least a byte unless the stream ends, which Ended then
// tells. need is how many bytes in all are wanted at once, as far as known.
// Errors are those of Reader.ReadContext but io.EOF.
func (b *Buffer) Fill(ctx context.Context, deadline time.Time, need int) error {
	if b.eof {
		return nil
	}
	b.room(need)
	n, err := b.in.ReadContext(ctx, deadline, b.buf[b.to:])
	b.to += n
	if err == io.EOF {
		b.eof = true
		return nil
	}
	return err
}

// room makes space behind the bytes that are held, at least need in all.
func (b *Buffer) room(need int) {
	held := b.to - b.from
	if b.from > 0 {
		copy(b.buf, b.buf[b.from:b.to])
		b.from, b.to = 0, held
	}
	size := max(len(b.buf), firstBuffer)
	if held == len(b.buf) && held > 0 {
		size = 2 * len(b.buf)
	}
	if size = max(size, need); size > len(b.buf) {
		buf := make([]byte, size)
		copy(buf, b.buf[:held])
		b.buf = buf
	}
}
