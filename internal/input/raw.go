package input

import (
	"context"
	"io"
	"os"
	"time"
)

// rawReader is the stream below a decompressor.
type rawReader interface {
	// read reads once, waiting at most until ctx is done or the deadline is over.
	read(ctx context.Context, deadline time.Time, p []byte) (int, error)
	waits() bool
	close()
}

func newRaw(r io.Reader) rawReader {
	if f, ok := r.(*os.File); ok {
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			return plainReader{r: r}
		}
		if f.SetReadDeadline(time.Time{}) == nil { // the runtime polls it
			return &deadlineReader{r: f}
		}
		return newPollReader(f)
	}
	if d, ok := r.(readDeadliner); ok {
		return &deadlineReader{r: d}
	}
	return plainReader{r: r, mayWait: !inMemory(r)}
}

// plainReader reads what it is given.
type plainReader struct {
	r       io.Reader
	mayWait bool
}

func (r plainReader) read(_ context.Context, _ time.Time, p []byte) (int, error) { return r.r.Read(p) }
func (r plainReader) waits() bool                                                { return r.mayWait }
func (plainReader) close()                                                       {}

// inMemory reports whether r is known never to wait: the readers of bytes and
// strings tell how much is left.
func inMemory(r io.Reader) bool {
	_, ok := r.(interface{ Len() int })
	return ok
}

type readDeadliner interface {
	io.Reader
	SetReadDeadline(time.Time) error
}

// grace is how long a read takes whose deadline is over. With a deadline in the
// past the runtime does not even look whether there is something to read.
const grace = time.Millisecond

// deadlineReader reads from what has a deadline of its own.
type deadlineReader struct {
	r readDeadliner
}

func (r *deadlineReader) waits() bool { return true }
func (r *deadlineReader) close()      {}

func (r *deadlineReader) read(ctx context.Context, deadline time.Time, p []byte) (int, error) {
	if !deadline.IsZero() {
		if soonest := time.Now().Add(grace); deadline.Before(soonest) {
			deadline = soonest
		}
	}
	if err := r.r.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(told)
		_ = r.r.SetReadDeadline(time.Unix(1, 0)) // wakes Read
	})
	n, err := r.r.Read(p)
	if !stop() {
		<-told // it must not come into the next read
		_ = r.r.SetReadDeadline(time.Time{})
	}
	switch {
	case n > 0 || err == nil:
		return n, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case os.IsTimeout(err):
		return 0, os.ErrDeadlineExceeded
	}
	return 0, err
}
