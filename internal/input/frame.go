package input

import (
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// gzipMember decompresses one member.
type gzipMember struct{ gzip.Reader }

func (z *gzipMember) reset(w *window) error {
	err := z.Reset(w)
	z.Multistream(false)
	return err
}

// zstdFrame decompresses one frame. It finds its end by the sizes of its blocks
// (RFC 8878, section 3.1.1), since the decoder goes on to the next frame by itself.
type zstdFrame struct {
	z     *zstd.Decoder
	w     *window
	left  int // bytes of the current part
	next  part
	check bool // a checksum follows the blocks
}

// part of a frame.
type part uint8

const (
	header part = iota
	block
	checksum
	end
)

func (f *zstdFrame) reset(w *window) error {
	f.w, f.left, f.next, f.check = w, 0, header, false
	return f.z.Reset((*zstdBytes)(f))
}

func (f *zstdFrame) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	if err == io.EOF && (f.next != end || f.left > 0) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// zstdBytes is the bytes of the frame, for the decoder.
type zstdBytes zstdFrame

func (f *zstdBytes) Read(p []byte) (int, error) {
	for f.left == 0 {
		if f.next == end {
			return 0, io.EOF
		}
		if err := f.advance(); err != nil {
			return 0, err
		}
	}
	n, err := f.w.Read(p[:min(len(p), f.left)])
	f.left -= n
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// advance goes on to the next part.
func (f *zstdBytes) advance() error {
	switch f.next {
	case header:
		var h zstd.Header
		if err := h.Decode(f.w.peek(zstd.HeaderMaxSize)); err != nil {
			return err
		}
		f.left, f.next, f.check = h.HeaderSize, block, h.HasCheckSum
		if h.Skippable {
			f.left, f.next = h.HeaderSize+int(h.SkippableSize), end
		}
	case block:
		b := f.w.peek(3)
		if len(b) < 3 {
			return io.ErrUnexpectedEOF
		}
		v := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		const repeated = 1 // one byte stands for all
		size := v >> 3
		if v>>1&3 == repeated {
			size = 1
		}
		f.left = len(b) + size
		if v&1 != 0 {
			f.next = checksum
		}
	case checksum:
		if f.check {
			f.left = 4
		}
		f.next = end
	}
	return nil
}
