package spool

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/diskqueue"
)

// sender hands what is in the queue to the target, on a goroutine of its own.
type sender struct {
	config
	queue   *diskqueue.Queue
	target  *target
	meters  *meters
	log     *slog.Logger
	closing <-chan struct{}
	ended   chan struct{}

	decoder  *decoder
	owners   flow.OwnerConfig
	spare    chan *flow.Owner
	buf      []byte
	window   []*parcel    // oldest first
	finished chan *parcel // that the target has let go of
	away     bool         // the latest attempt failed
	err      error        // with which the target closed; valid when ended is closed
}

func newSender(s *spooled, env pipeline.Env) *sender {
	w := &sender{
		config: s.config, queue: s.queue, target: &s.target, meters: &s.meters, log: s.log, closing: s.closing, ended: make(chan struct{}),
		decoder:  newDecoder(s.target.layout),
		spare:    make(chan *flow.Owner, s.inFlight),
		finished: make(chan *parcel, s.inFlight),
	}
	w.owners = flow.OwnerConfig{Size: recordFlows, Layout: s.target.layout, Symbols: env.Symbols, Free: w.free}
	return w
}

// run delivers until ctx ends or the spool closes, and closes the target.
func (w *sender) run(ctx context.Context) {
	defer close(w.ended)
	w.deliver(ctx)
	w.finish(ctx)
}

// deliver returns when ctx ends, or the spool closes and nothing more can be done.
func (w *sender) deliver(ctx context.Context) {
	pause := w.backoff.First
	for ctx.Err() == nil {
		last := w.isClosing()
		err := w.step(ctx)
		w.tell(err)
		if err != nil {
			if last || wait(ctx, pause-rand.N(pause/2+1), w.closing) != nil {
				return
			}
			pause = min(2*pause, w.backoff.Most)
			continue
		}
		pause = w.backoff.First
		switch {
		case !last:
			w.idle(ctx)
		case len(w.window) < w.inFlight || !w.relieve(ctx):
			return // the target has been given all that waited, or all that it takes
		}
	}
}

func (w *sender) isClosing() bool {
	select {
	case <-w.closing:
		return true
	default:
		return false
	}
}

// idle waits until there is something to do.
func (w *sender) idle(ctx context.Context) {
	select {
	case p := <-w.finished:
		w.settle(p)
	case <-w.queue.More():
	case <-w.closing:
	case <-ctx.Done():
	}
}

// relieve waits for the target, which has all that it can be given, to let go of
// something; false if it does not.
func (w *sender) relieve(ctx context.Context) bool {
	t := time.NewTimer(w.backoff.Most)
	defer t.Stop()
	select {
	case p := <-w.finished:
		w.settle(p)
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// step does what can be done without waiting. An error means that the target, or the
// disk, needs time.
func (w *sender) step(ctx context.Context) error {
	if err := w.target.open(ctx); err != nil {
		w.meters.targetErrors.Add(1)
		return err
	}
	if err := w.collect(); err != nil {
		return err
	}
	for _, p := range w.window {
		if p.failed() {
			if err := w.try(ctx, p); err != nil {
				return err
			}
		}
	}
	w.ack()
	for len(w.window) < w.inFlight && ctx.Err() == nil {
		p, ok, err := w.next()
		if err != nil {
			w.meters.readErrors.Add(1)
			return err
		}
		if !ok {
			break
		}
		w.window = append(w.window, p)
		if err := w.try(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// try gives a parcel to the target.
func (w *sender) try(ctx context.Context, p *parcel) error {
	if len(p.rows) > 0 {
		p.attempt(ctx, w.target, func() { w.finished <- p })
	}
	return w.collect()
}

// collect settles parcels that the target has let go of, acknowledges those in front
// that are delivered, and returns the error of one that failed since.
func (w *sender) collect() (err error) {
	for more := true; more; {
		select {
		case p := <-w.finished:
			w.settle(p)
		default:
			more = false
		}
	}
	for _, p := range w.window {
		if p.failed() && !p.seen {
			p.seen = true
			w.meters.targetErrors.Add(1)
			if err == nil {
				err = p.err
			}
			if p.attempts == w.backoff.Attempts {
				w.meters.refused.Add(uint64(len(p.rows)))
				w.log.Error("flows are given up", "flows", len(p.rows), "attempts", p.attempts, "error", p.err)
				p.rows = nil
			}
		}
	}
	w.ack()
	return err
}

// settle notes what became of an attempt.
func (w *sender) settle(p *parcel) {
	n := uint64(p.settle())
	w.meters.delivered.Add(n)
	if p.record.Earlier {
		w.meters.replayed.Add(n)
	}
}

// ack acknowledges the parcels in front that are dealt with.
func (w *sender) ack() {
	n := 0
	for _, p := range w.window {
		if p.busy || len(p.rows) > 0 {
			break
		}
		w.queue.Ack(p.record)
		p.owner.Finish(nil)
		n++
	}
	if n == 0 {
		return
	}
	clear(w.window[:n])
	w.window = append(w.window[:0], w.window[n:]...)
	w.meters.publish(w.queue.Stats())
}

// next makes a parcel of the next record; false when there is none.
func (w *sender) next() (*parcel, bool, error) {
	rec, ok, err := w.queue.Next(w.buf)
	if err != nil || !ok {
		return nil, false, err
	}
	w.buf, rec.Payload = rec.Payload, nil
	p := &parcel{record: rec}
	rows, now, err := w.decoder.begin(w.buf)
	if err == nil {
		p.owner = w.owner(rows)
		p.batch = p.owner.Begin(now, time.Time{})
		err = w.decoder.fill(w.buf, p.batch)
	}
	if err != nil {
		return w.skip(p, err), true, nil
	}
	_, p.rows = p.batch.Raw()
	w.meters.unknown.Add(w.decoder.unknown)
	w.meters.symbols.Add(w.decoder.refused)
	w.decoder.unknown, w.decoder.refused = 0, 0
	return p, true, nil
}

// skip makes nothing of a record that makes no sense.
func (w *sender) skip(p *parcel, err error) *parcel {
	w.log.Error("a record is skipped", "flows", p.record.Flows, "error", err)
	w.queue.Corrupt(p.record)
	if p.owner == nil {
		p.owner = w.owner(0)
		p.owner.Begin(0, time.Time{})
	}
	return p
}

// owner returns memory for so many flows.
func (w *sender) owner(rows int) *flow.Owner {
	if rows > recordFlows {
		c := w.owners
		c.Size, c.Free = rows, nil
		return flow.NewOwner(c)
	}
	select {
	case o := <-w.spare:
		return o
	default:
		return flow.NewOwner(w.owners)
	}
}

func (w *sender) free(o *flow.Owner) {
	select {
	case w.spare <- o:
	default:
	}
}

// tell logs when the target goes away, and when it is back.
func (w *sender) tell(err error) {
	switch {
	case err != nil && !w.away:
		w.log.Warn("cannot deliver: flows wait on the disk", "error", err)
	case err == nil && w.away:
		w.log.Info("delivers again")
	}
	w.away = err != nil
}

// finish closes the target, which lets go of what it retained, and acknowledges what
// it has delivered.
func (w *sender) finish(ctx context.Context) {
	w.err = w.target.close(ctx)
	if err := w.collect(); err != nil {
		w.tell(err)
	}
}
