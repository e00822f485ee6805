package datagram

import (
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Joined is several receivers as one. A goroutine waits at each of them, and goes
// on when what it gave out is no longer in use: who does not take holds up nobody
// but the receivers, and of these none the others.
type Joined struct {
	ready chan received
	last  received // what was given out last
	taken bool     // and is in use
	timer *time.Timer
	ctx   context.Context // of the goroutines
	quit  context.CancelFunc

	mu     sync.Mutex // guards closed, and Add against Close
	closed bool
	wg     sync.WaitGroup

	live      atomic.Int64
	abandoned atomic.Uint64
}

// received is what one of the receivers gave.
type received struct {
	datagrams []Datagram
	err       error
	back      chan struct{} // to be told when datagrams are no longer in use
}

// patience is how long a goroutine waits at a receiver before it waits again.
const patience = time.Hour

// Join begins to receive from all, as Add does.
func Join(all ...Receiver) *Joined {
	ctx, quit := context.WithCancel(context.Background())
	j := &Joined{ready: make(chan received), ctx: ctx, quit: quit, timer: time.NewTimer(patience)}
	for _, r := range all {
		j.Add(r)
	}
	return j
}

// Add begins to receive from r, which nobody else may do, until r returns io.EOF,
// of which nobody is told, or Close. It reports false, and leaves r alone, after
// Close. It may be called concurrently with all methods.
func (j *Joined) Add(r Receiver) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return false
	}
	j.live.Add(1)
	j.wg.Go(func() {
		defer j.live.Add(-1)
		j.receive(r)
	})
	return true
}

// Live returns how many receivers have not ended. It may be called concurrently.
func (j *Joined) Live() int { return int(j.live.Load()) }

// Abandoned returns how many datagrams were received and not taken before Close.
// It may be called concurrently.
func (j *Joined) Abandoned() uint64 { return j.abandoned.Load() }

func (j *Joined) receive(r Receiver) {
	back := make(chan struct{}, 1)
	for {
		ds, err := r.Receive(j.ctx, time.Now().Add(patience))
		switch {
		case err == io.EOF, j.ctx.Err() != nil && err != nil:
			return
		case err == os.ErrDeadlineExceeded:
			continue
		}
		select {
		case j.ready <- received{ds, err, back}:
		case <-j.ctx.Done():
			j.abandoned.Add(uint64(Count(ds)))
			return
		}
		select {
		case <-back:
		case <-j.ctx.Done():
			return
		}
	}
}

// Receive implements Receiver.
func (j *Joined) Receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	if j.taken {
		j.last.back <- struct{}{}
		j.taken = false
	}
	if deadline.IsZero() {
		select {
		case r := <-j.ready:
			return j.take(r)
		default:
			return nil, os.ErrDeadlineExceeded
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	j.timer.Reset(time.Until(deadline))
	defer j.timer.Stop()
	select {
	case r := <-j.ready:
		return j.take(r)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-j.timer.C:
		return nil, os.ErrDeadlineExceeded
	}
}

func (j *Joined) take(r received) ([]Datagram, error) {
	j.last = r
	j.taken = true
	return r.datagrams, r.err
}

// Close ends the goroutines, and leaves the receivers to be closed. It must not be
// called concurrently with Receive.
func (j *Joined) Close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.quit()
	j.wg.Wait()
	j.timer.Stop()
}
