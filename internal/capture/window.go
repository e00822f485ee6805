package capture

import "io"

// window is a buffer over a stream that shows the next n bytes in one piece. It
// grows to the largest piece asked for, but only as fast as bytes arrive, so
// that a made-up length costs nothing.
type window struct {
	src   io.Reader
	buf   []byte
	r, w  int
	base  int64 // stream offset of buf[0]
	err   error // what the stream ended with, io.EOF or worse
	empty int   // reads in a row that gave nothing
}

const (
	windowSize    = 64 << 10
	maxEmptyReads = 100
)

// offset returns where in the stream the next byte is.
func (w *window) offset() int64 { return w.base + int64(w.r) }

// end returns where in the stream the bytes read so far end.
func (w *window) end() int64 { return w.base + int64(w.w) }

// peek returns the next n bytes without consuming them. They are valid until
// the next peek. With fewer left it returns those and the stream's error. An
// error that passes, such as a read deadline, may be tried again.
func (w *window) peek(n int) ([]byte, error) {
	for w.w-w.r < n {
		if err := w.fill(n); err != nil {
			return w.buf[w.r:w.w], err
		}
	}
	return w.buf[w.r : w.r+n], nil
}

// discard consumes n bytes that were peeked.
func (w *window) discard(n int) { w.r += n }

func (w *window) fill(n int) error {
	if w.err != nil {
		return w.err
	}
	if w.r > 0 {
		copy(w.buf, w.buf[w.r:w.w])
		w.base += int64(w.r)
		w.w -= w.r
		w.r = 0
	}
	if w.w == len(w.buf) {
		grown := make([]byte, max(windowSize, min(2*len(w.buf), n)))
		copy(grown, w.buf[:w.w])
		w.buf = grown
	}
	k, err := w.src.Read(w.buf[w.w:])
	w.w += k
	if k > 0 {
		w.empty = 0
	} else if w.empty++; err == nil && w.empty >= maxEmptyReads {
		err = io.ErrNoProgress
	}
	if err == io.EOF {
		w.err = err
	}
	if k > 0 {
		return nil
	}
	return err
}
