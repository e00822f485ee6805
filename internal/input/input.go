package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a compressed stream can ask for, in bytes.
const maxWindow = 64 << 20

// Reader reads a stream. Its methods must not be called concurrently, except
// that the context given to ReadContext may end at any time.
type Reader struct {
	name   string
	raw    rawReader
	plain  io.Reader // what is read from: raw, or a decompressor; nil until known
	zstd   *zstd.Decoder
	file   *os.File // to close
	resume bool     // behind damage
	head   []byte   // read while looking for a magic number
	done   bool     // the raw stream ended in head

	// Of the current ReadContext, for the decompressor's sake.
	ctx      context.Context
	deadline time.Time
}

// Open opens a file; "-" is standard input, which Close leaves open.
func Open(path string) (*Reader, error) {
	if path == "-" {
		return New("standard input", os.Stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err // it names the path
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: is a directory", path)
	}
	r := New(path, f)
	r.file = f
	return r, nil
}

// New reads from r, which stays the caller's to close. A *os.File that is a
// pipe, a terminal or a socket is waited for without blocking; so is whatever
// has SetReadDeadline, as a net.Conn. Of any other reader a Read that blocks
// blocks ReadContext.
func New(name string, r io.Reader) *Reader {
	return &Reader{name: name, raw: newRaw(r)}
}

// Name returns the path, or the name given to New.
func (r *Reader) Name() string { return r.name }

// Waits reports whether a read may have to wait for somebody, so that a caller
// that has something to deliver should do that first.
func (r *Reader) Waits() bool { return r.raw.waits() }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	return r.ReadContext(context.Background(), time.Time{}, p)
}

// ReadContext reads at least one byte, and returns io.EOF at the end, ctx's
// error once ctx is done and os.ErrDeadlineExceeded once the deadline is over;
// after the latter it can be called again. The zero deadline is none. With one
// that is over it takes what is there, without waiting for more than a moment. The
// deadline does not hold inside a compressed stream that waits, since a
// decompressor cannot be resumed; ctx does.
func (r *Reader) ReadContext(ctx context.Context, deadline time.Time, p []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r.ctx, r.deadline = ctx, deadline
	if r.plain == nil {
		if err := r.sniff(); err != nil {
			return 0, r.wrap(err)
		}
	}
	for range maxEmptyReads {
		n, err := r.plain.Read(p)
		if n > 0 {
			return n, nil // an error comes again
		}
		if err != nil {
			return 0, r.wrap(err)
		}
	}
	return 0, r.wrap(io.ErrNoProgress)
}

// maxEmptyReads bounds how often a reader may return nothing in a row.
const maxEmptyReads = 100

// Close gives up the memory of a decompressor and closes what Open opened.
func (r *Reader) Close() error {
	if r.zstd != nil {
		r.zstd.Close()
	}
	r.raw.close()
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// wrap adds the name to an error of the stream's own.
func (r *Reader) wrap(err error) error {
	if err == io.EOF || err == os.ErrDeadlineExceeded || r.ctx.Err() != nil && err == r.ctx.Err() {
		return err
	}
	if named := (*os.PathError)(nil); errors.As(err, &named) {
		return err
	}
	return fmt.Errorf("%s: %w", r.name, err)
}

var (
	gzipMagic = []byte{0x1f, 0x8b, 0x08}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// sniff reads until it is clear whether the stream is compressed.
func (r *Reader) sniff() error {
	for empty := 0; !r.done && (couldBe(r.head, gzipMagic) || couldBe(r.head, zstdMagic)); {
		var p [512]byte
		n, err := r.raw.read(r.ctx, r.deadline, p[:])
		r.head = append(r.head, p[:n]...)
		switch {
		case err == io.EOF:
			r.done = true
		case err != nil:
			return err
		case n == 0:
			if empty++; empty == maxEmptyReads {
				return io.ErrNoProgress
			}
		}
	}
	switch {
	case bytes.HasPrefix(r.head, gzipMagic):
		if r.resume {
			r.plain = &resumer{w: window{in: (*inner)(r)}, magic: gzipMagic, z: new(gzipMember)}
			return nil
		}
		z, err := gzip.NewReader((*inner)(r))
		if err != nil {
			return err
		}
		r.plain = z
	case bytes.HasPrefix(r.head, zstdMagic):
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return err
		}
		r.zstd = z
		if r.resume {
			r.plain = &resumer{w: window{in: (*inner)(r)}, magic: zstdMagic, z: &zstdFrame{z: z}}
			return nil
		}
		r.plain = z
		return z.Reset((*inner)(r))
	default:
		r.plain = (*direct)(r)
	}
	return nil
}

// couldBe reports whether head is a beginning of magic that is not whole yet.
func couldBe(head, magic []byte) bool {
	return len(head) < len(magic) && bytes.HasPrefix(magic, head)
}

// takeHead returns bytes that sniff read too much.
func (r *Reader) takeHead(p []byte) (int, error) {
	n := copy(p, r.head)
	r.head = r.head[n:]
	if n == 0 && r.done {
		return 0, io.EOF
	}
	return n, nil
}

// direct is the raw stream as the Reader reads it.
type direct Reader

func (d *direct) Read(p []byte) (int, error) {
	r := (*Reader)(d)
	if n, err := r.takeHead(p); n > 0 || err != nil {
		return n, err
	}
	return r.raw.read(r.ctx, r.deadline, p)
}

// inner is the raw stream as a decompressor reads it: without the deadline.
type inner Reader

func (d *inner) Read(p []byte) (int, error) {
	r := (*Reader)(d)
	if n, err := r.takeHead(p); n > 0 || err != nil {
		return n, err
	}
	return r.raw.read(r.ctx, time.Time{}, p)
}
