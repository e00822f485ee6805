package udp

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// Joined is several sockets as one datagram.Receiver. A goroutine waits at each
// of them.
type Joined struct {
	ready chan received
	last  received // what was given out last
	taken bool     // and is in use
	timer *time.Timer
	quit  context.CancelFunc
	wg    sync.WaitGroup
}

// received is what one of the sockets gave.
type received struct {
	datagrams []datagram.Datagram
	err       error
	back      chan struct{} // to be told when datagrams are no longer in use
}

// patience is how long a goroutine waits at a socket before it waits again.
const patience = time.Hour

// Join begins to receive from sockets, which nobody else may do until Close.
func Join(sockets ...*Socket) *Joined {
	ctx, quit := context.WithCancel(context.Background())
	j := &Joined{ready: make(chan received), quit: quit, timer: time.NewTimer(patience)}
	for _, s := range sockets {
		j.wg.Go(func() { j.receive(ctx, s) })
	}
	return j
}

func (j *Joined) receive(ctx context.Context, s *Socket) {
	back := make(chan struct{}, 1)
	for {
		ds, err := s.Receive(ctx, time.Now().Add(patience))
		switch {
		case ctx.Err() != nil:
			return
		case err == os.ErrDeadlineExceeded:
			continue
		}
		select {
		case j.ready <- received{ds, err, back}:
		case <-ctx.Done():
			s.abandoned.Add(uint64(len(ds)))
			return
		}
		select {
		case <-back:
		case <-ctx.Done():
			return
		}
	}
}

// Receive implements datagram.Receiver.
func (j *Joined) Receive(ctx context.Context, deadline time.Time) ([]datagram.Datagram, error) {
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

func (j *Joined) take(r received) ([]datagram.Datagram, error) {
	j.last = r
	j.taken = true
	return r.datagrams, r.err
}

// Close ends the goroutines, and leaves the sockets to be closed. Datagrams that
// it received and nobody took are counted by their sockets.
func (j *Joined) Close() {
	j.quit()
	j.wg.Wait()
	j.timer.Stop()
}
