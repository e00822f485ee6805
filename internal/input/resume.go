package input

import (
	"bytes"
	"io"
)

// Damage is what a Reader skipped of a compressed stream.
type Damage struct {
	Places uint64
	Bytes  uint64 // of the compressed stream
	First  error  // what was wrong at the first place
}

// Resume has a compressed stream read on at the next frame or member where one is
// damaged, and not end with an error, unless there is no other. It must be called
// before the first read. What is damaged may give other bytes than were compressed.
func (r *Reader) Resume() { r.resume = true }

// Damage returns what was skipped so far.
func (r *Reader) Damage() Damage {
	if z, ok := r.plain.(*resumer); ok {
		return z.damage
	}
	return Damage{}
}

// frameReader decompresses one frame.
type frameReader interface {
	// reset begins with the frame at the window's place.
	reset(w *window) error
	// Read returns io.EOF at the frame's end, and has then read no further.
	io.Reader
}

// resumer decompresses a stream frame by frame.
type resumer struct {
	w      window
	magic  []byte // that a frame begins with
	z      frameReader
	open   bool // within a frame
	whole  bool // the frame before came to its end
	err    error
	damage Damage
}

// Read implements io.Reader.
func (r *resumer) Read(p []byte) (n int, err error) {
	for r.err == nil {
		if !r.open {
			if len(r.w.peek(1)) == 0 {
				r.err = r.w.err
				break
			}
			r.w.frame = r.w.at
			err = r.z.reset(&r.w)
			r.open = true
		}
		if err == nil {
			n, err = r.z.Read(p)
		}
		switch {
		case n > 0 || err == nil:
			return n, nil // an error comes again
		case err == io.EOF:
			r.open, r.whole = false, true
		default:
			r.err = r.skip(err)
		}
	}
	return 0, r.err
}

// skip goes on to the next frame. Without one it returns the cause.
func (r *resumer) skip(cause error) error {
	w := &r.w
	if w.err != nil && w.err != io.EOF {
		return w.err
	}
	r.open = false
	if r.whole {
		// It may have been cut off, and ended with bytes that the next begins with.
		r.whole = false
		from := max(w.frame-lookBack, 0)
		if i := bytes.Index(w.buf[from:min(w.frame+lookBack, len(w.buf))], r.magic); i >= 0 && from+i < w.frame {
			w.at = from + i
			r.note(cause)
			return nil
		}
	}
	for bytesSkipped := 1; ; {
		r.damage.Bytes += uint64(bytesSkipped)
		w.frame += bytesSkipped
		w.at = w.frame
		rest := w.buf[w.frame:]
		if i := bytes.Index(rest, r.magic); i >= 0 {
			w.at += i
			r.damage.Bytes += uint64(i)
			r.note(cause)
			return nil
		}
		switch {
		case w.fill():
		case w.err != io.EOF:
			return w.err
		default:
			return cause
		}
		bytesSkipped = max(len(rest)-len(r.magic)+1, 0)
	}
}

func (r *resumer) note(cause error) {
	r.damage.Places++
	if r.damage.First == nil {
		r.damage.First = cause
	}
}
