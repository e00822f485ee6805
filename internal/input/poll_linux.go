package input

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// pollReader reads a file that the runtime does not poll, as standard input
// usually is: it waits in ppoll(2) for the file or for a pipe that ctx writes to.
type pollReader struct {
	f    *os.File
	wake [2]int // read and write end; -1 until needed
}

func newPollReader(f *os.File) rawReader { return &pollReader{f: f, wake: [2]int{-1, -1}} }

func (r *pollReader) waits() bool { return true }

func (r *pollReader) close() {
	for i, fd := range r.wake {
		if fd >= 0 {
			_ = syscall.Close(fd)
			r.wake[i] = -1
		}
	}
}

func (r *pollReader) read(ctx context.Context, deadline time.Time, p []byte) (n int, err error) {
	conn, err := r.f.SyscallConn()
	if err != nil {
		return 0, err
	}
	// Inside Control the descriptor cannot be closed and given to another file.
	cerr := conn.Control(func(fd uintptr) {
		if err = r.wait(ctx, deadline, int(fd)); err != nil {
			return
		}
		for {
			if n, err = syscall.Read(int(fd), p); err != syscall.EINTR {
				break
			}
		}
	})
	switch {
	case cerr != nil:
		return 0, cerr
	case err == syscall.EAGAIN: // somebody else took it
		return 0, nil
	case err != nil:
		if errno := syscall.Errno(0); errors.As(err, &errno) {
			err = &os.PathError{Op: "read", Path: r.f.Name(), Err: err}
		}
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// pollFd is struct pollfd of poll(2).
type pollFd struct {
	fd      int32
	events  int16
	revents int16
}

const (
	pollIn = 0x1
	never  = time.Duration(-1)
)

// wait waits until fd can be read.
func (r *pollReader) wait(ctx context.Context, deadline time.Time, fd int) error {
	fds := []pollFd{{fd: int32(fd), events: pollIn}}
	if ready, err := poll(fds, 0); ready || err != nil {
		return err
	}
	if ctx.Done() != nil {
		stop, err := r.arm(ctx)
		if err != nil {
			return err
		}
		defer stop()
		fds = append(fds, pollFd{fd: int32(r.wake[0]), events: pollIn})
	}
	for {
		left := never
		if !deadline.IsZero() {
			if left = time.Until(deadline); left <= 0 {
				return os.ErrDeadlineExceeded
			}
		}
		switch _, err := poll(fds, left); {
		case err != nil:
			return err
		case fds[0].revents != 0:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// arm lets the end of ctx wake the reader, until stop is called.
func (r *pollReader) arm(ctx context.Context) (stop func(), err error) {
	if r.wake[0] < 0 {
		if err := syscall.Pipe2(r.wake[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
			return nil, os.NewSyscallError("pipe2", err)
		}
	}
	told := make(chan struct{})
	disarm := context.AfterFunc(ctx, func() {
		defer close(told)
		_, _ = syscall.Write(r.wake[1], []byte{0})
	})
	return func() {
		if !disarm() {
			<-told // it is on its way; the pipe must outlive it
			r.drain()
		}
	}, nil
}

// drain empties the wake pipe, so that the next wait does not find what the last
// one left in it.
func (r *pollReader) drain() {
	for {
		var told [16]byte
		if n, err := syscall.Read(r.wake[0], told[:]); n <= 0 && err != syscall.EINTR {
			return
		}
	}
}

// poll waits for one of fds, at most so long; 0 looks without waiting. It
// reports whether there is one.
func poll(fds []pollFd, wait time.Duration) (bool, error) {
	var limit *syscall.Timespec
	if wait != never {
		ts := syscall.NsecToTimespec(wait.Nanoseconds())
		limit = &ts
	}
	n, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(fds)), uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	if errno != 0 && errno != syscall.EINTR {
		return false, os.NewSyscallError("ppoll", errno)
	}
	return errno == 0 && n > 0, nil
}
