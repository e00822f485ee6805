package input

import "io"

// maxKept bounds how many bytes of a compressed frame a window keeps.
const maxKept = 1 << 20

// lookBack is how many bytes before the frame a window keeps besides: what a frame
// begins with is one byte longer at most.
const lookBack = 3

// window is the raw bytes of a compressed stream from where a frame began, so that
// it can be gone back to. Of a frame that is longer than maxKept the beginning is
// given up.
type window struct {
	in    io.Reader
	buf   []byte
	frame int   // in buf, where the frame began
	at    int   // in buf, the next byte
	err   error // of in, once
}

// fill reads more, and reports whether there is more.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if w.at-w.frame > maxKept {
		w.frame = w.at
	}
	cut := max(w.frame-lookBack, 0)
	w.buf = append(w.buf[:0], w.buf[cut:]...)
	w.at, w.frame = w.at-cut, w.frame-cut
	held := len(w.buf)
	w.buf = append(w.buf, make([]byte, firstBuffer)...)
	n := 0
	for range maxEmptyReads {
		if n, w.err = w.in.Read(w.buf[held:]); n > 0 || w.err != nil {
			w.buf = w.buf[:held+n]
			return n > 0
		}
	}
	w.buf, w.err = w.buf[:held], io.ErrNoProgress
	return false
}

// peek returns the next n bytes, and less only where no more come.
func (w *window) peek(n int) []byte {
	for len(w.buf)-w.at < n && w.fill() {
		continue
	}
	return w.buf[w.at:min(w.at+n, len(w.buf))]
}

// Read implements io.Reader.
func (w *window) Read(p []byte) (int, error) {
	if w.at == len(w.buf) && !w.fill() {
		return 0, w.err
	}
	n := copy(p, w.buf[w.at:])
	w.at += n
	return n, nil
}

// ReadByte implements io.ByteReader: who has it reads no further than it must.
func (w *window) ReadByte() (byte, error) {
	if w.at == len(w.buf) && !w.fill() {
		return 0, w.err
	}
	w.at++
	return w.buf[w.at-1], nil
}
