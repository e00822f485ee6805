package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	maxTime = math.MaxInt64
	// drainGrace is how long a stage has to come back after its context ended.
	drainGrace = time.Second
	// maxErrors bounds how many errors of one run are kept.
	maxErrors = 16
)

// run is one run of a pipeline.
type run struct {
	pl        *Pipeline
	clock     Clock
	event     bool
	intervals []int64 // of all ticks
	pool      *pool
	onDone    func(error)

	sourceCtx   context.Context // ends when sources must stop
	stopSources context.CancelCauseFunc
	stageCtx    context.Context // ends when the drain timeout is over
	stopStages  context.CancelCauseFunc

	over chan struct{} // closed when a stage did not come back

	mu   sync.Mutex
	errs []error
}

// Run opens the stages, carries flows until every source has ended, and closes
// the stages. When ctx ends, or a stage fails, the sources stop; what was read is
// still delivered within the drain timeout. Run returns nil when all flows were
// delivered, also after ctx ended; else every error, each in a StageError.
// Nothing of the pipeline is left behind when it returns, unless a stage ignores
// its context, which the error then says.
//
// A Pipeline runs once; build the plan again to run it again.
func (pl *Pipeline) Run(ctx context.Context) error {
	if pl.started.Swap(true) {
		return errors.New("pipeline: has been run already; build the plan again")
	}
	r := pl.newRun(ctx)
	defer r.stopStages(nil)
	defer r.stopSources(nil)
	stopTimer := r.armDrainTimer()
	defer stopTimer()

	opened, err := r.open(ctx)
	if err != nil {
		r.fail(err)
	} else {
		r.flow()
	}
	r.close(opened)
	r.endHolds()
	r.settle(opened)
	r.pool.drop()
	return r.result()
}

func (pl *Pipeline) newRun(ctx context.Context) *run {
	r := &run{pl: pl, clock: pl.set.clock, over: make(chan struct{})}
	_, r.event = r.clock.(*eventClock)
	r.sourceCtx, r.stopSources = context.WithCancelCause(ctx)
	r.stageCtx, r.stopStages = context.WithCancelCause(context.WithoutCancel(ctx))
	r.pool = newPool(flow.OwnerConfig{Size: pl.set.batchSize, Layout: pl.layout, Symbols: pl.symbols, Poison: pl.set.poison})
	r.onDone = func(err error) {
		pl.pending.Add(-1)
		if err != nil {
			r.fail(err)
		}
	}
	for _, s := range pl.sections {
		for _, t := range s.tickers {
			if iv := t.byLane[0].interval; iv > 0 && !slices.Contains(r.intervals, iv) {
				r.intervals = append(r.intervals, iv)
			}
		}
		for _, l := range s.lanes {
			l.run, l.ctx = r, r.stageCtx
		}
	}
	return r
}

// armDrainTimer ends the stages' context when the drain timeout has passed after
// the sources were told to stop.
func (r *run) armDrainTimer() (stop func()) {
	var mu sync.Mutex
	var timer *time.Timer
	ended := false
	cancel := context.AfterFunc(r.sourceCtx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			timer = time.AfterFunc(r.pl.set.drain, func() { r.stopStages(ErrDrainTimeout) })
		}
	})
	return func() {
		cancel()
		mu.Lock()
		defer mu.Unlock()
		ended = true
		if timer != nil {
			timer.Stop()
		}
	}
}

// now is the time of the pipeline's clock.
func (r *run) now() int64 { return r.clock.Now().UnixNano() }

// track counts a batch until its completion.
func (r *run) track(b *flow.Batch) {
	r.pl.pending.Add(1)
	b.OnDone(r.onDone)
}

// fail records an error, unless it only follows from one before, and stops the
// sources.
func (r *run) fail(err error) {
	if r.stageCtx.Err() != nil && !errors.Is(err, ErrDrainTimeout) && errors.Is(err, context.Canceled) {
		err = drainError(err)
	}
	r.keep(err)
	r.stopSources(err)
}

// keep adds an error to those that Run returns. A batch's completion tells an
// error that the stage has told already: errors are the same by their text, for
// those of other people need not be comparable.
func (r *run) keep(err error) {
	text := err.Error()
	r.mu.Lock()
	defer r.mu.Unlock()
	known := slices.ContainsFunc(r.errs, func(e error) bool { return e.Error() == text })
	follows := errors.Is(err, ErrStopped) && len(r.errs) > 0
	if !known && !follows && len(r.errs) < maxErrors {
		r.errs = append(r.errs, err)
	}
}

// result is what Run returns.
func (r *run) result() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.pl.pending.Load(); n != 0 && len(r.errs) == 0 {
		err := fmt.Errorf("%d batches were never finished: a stage held or retained them and did not let go", n)
		return &StageError{Stage: "pipeline", Op: "close", Err: err}
	}
	return errors.Join(r.errs...)
}

// drainError says that a stage was cut off by the drain timeout.
func drainError(err error) error {
	var se *StageError
	if errors.As(err, &se) {
		return &StageError{Stage: se.Stage, Op: se.Op, Err: fmt.Errorf("%w: %w", ErrDrainTimeout, se.Err)}
	}
	return fmt.Errorf("%w: %w", ErrDrainTimeout, err)
}

// open opens the stages in the order of the flow, and returns those that have to
// be closed.
func (r *run) open(ctx context.Context) (opened []openStage, err error) {
	for _, n := range r.pl.nodes {
		env := Env{
			Stage:    n.name,
			Logger:   r.pl.set.logger.With("stage", n.name),
			Clock:    r.clock,
			Symbols:  r.pl.symbols,
			Layout:   r.pl.layout,
			counters: &n.counters,
			stageCtx: r.stageCtx,
		}
		stages, err := n.open(ctx, env)
		for _, s := range stages {
			opened = append(opened, openStage{n, s})
		}
		if err != nil {
			return opened, err
		}
	}
	return opened, nil
}

type openStage struct {
	node  *node
	stage any
}

// flow runs the sections one after the other to their ends: the lanes of all of
// them work at once, but a section ends only after the one before it.
func (r *run) flow() {
	var waits []chan struct{}
	for i, s := range r.pl.sections {
		var wg sync.WaitGroup
		for _, l := range s.lanes {
			wg.Go(func() {
				if i == 0 {
					l.read()
				} else {
					l.work()
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		waits = append(waits, done)
	}
	for i, s := range r.pl.sections {
		stuck := !r.await(waits[i]) || !r.await(async(func() { s.finalTicks() }))
		if stuck {
			close(r.over)
			r.giveUp()
			return
		}
		if s.next != nil {
			for _, q := range s.next.in {
				close(q)
			}
		}
	}
}

// finalTicks tells every aggregator that nothing more comes, in the order of the
// flow, so that what one emits still reaches the next.
func (s *section) finalTicks() {
	for _, t := range s.tickers {
		done := map[*instance]bool{}
		for _, l := range s.lanes {
			if i := t.byLane[l.id]; !done[i] {
				done[i] = true
				t.tick(l, i, s.endTime(l), true)
			}
		}
	}
}

// endTime is the time at which a section has ended.
func (s *section) endTime(l *lane) int64 {
	if !l.run.event {
		return l.run.now()
	}
	last := int64(0)
	for _, other := range s.lanes {
		last = max(last, other.last)
	}
	return last
}

// async runs fn on a goroutine and returns a channel that is closed after it.
func async(fn func()) chan struct{} {
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	return done
}

// await waits for done. Once the drain timeout is over it waits a little longer
// and then reports false.
func (r *run) await(done chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-r.stageCtx.Done():
	}
	t := time.NewTimer(drainGrace)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// giveUp records which stages did not come back, and counts their flows as
// dropped. It reports whether there was one.
func (r *run) giveUp() (found bool) {
	for _, n := range r.pl.nodes {
		if n.inside.Load() > 0 {
			found = true
			r.fail(stuck(n, "drain"))
		}
	}
	for _, s := range r.pl.sinks {
		if s.abandon != nil {
			s.abandon(&StageError{Stage: s.name, Op: "drain", Err: ErrDrainTimeout})
		}
		if left := s.meter.balance(); s.above != nil && s.above.passesOn {
			s.above.unsend(left, false)
		}
	}
	for _, n := range r.pl.nodes {
		n.meter.balance()
	}
	return found
}

func stuck(n *node, op string) error {
	return &StageError{Stage: n.name, Op: op, Err: fmt.Errorf("%w, and the stage ignores it", ErrDrainTimeout)}
}

// close closes what was opened, in the order of the flow. A stage that did not
// come back is left alone.
func (r *run) close(opened []openStage) {
	for i, o := range opened {
		if o.node.inside.Load() > 0 {
			continue
		}
		if c, ok := o.stage.(Closer); ok && !r.endStage(o.node, "close", c.Close) {
			continue
		}
		last := i == len(opened)-1 || opened[i+1].node != o.node
		if f := r.pl.set.observer.Closed; f != nil && last {
			f(o.node.name)
		}
	}
}

// endHolds ends what transforms hold although they are closed: those that failed,
// and those that forgot.
func (r *run) endHolds() {
	for _, t := range r.pl.transforms {
		for _, i := range t.byLane {
			if n := i.holds.Open(); n > 0 {
				err := &StageError{Stage: t.name, Op: "close", Err: fmt.Errorf("%d batches were still held", n)}
				if !t.failed.Load() {
					r.fail(err)
				}
				i.holds.End(err)
			}
		}
	}
}

// settle tells the stages that every flow is done with.
func (r *run) settle(opened []openStage) {
	for _, o := range opened {
		if s, ok := o.stage.(Settler); ok && o.node.inside.Load() == 0 {
			r.endStage(o.node, "settle", s.Settle)
		}
	}
}

// endStage calls a method of a stage whose last flow has passed, and reports
// whether it came back.
func (r *run) endStage(n *node, op string, end func(context.Context) error) bool {
	var err error
	done := async(func() { err = protect(func() error { return end(r.stageCtx) }) })
	if !r.await(done) {
		if !r.giveUp() {
			r.fail(stuck(n, op))
		}
		return false
	}
	if err != nil {
		var se *StageError
		if !errors.As(err, &se) {
			err = &StageError{Stage: n.name, Op: op, Err: err}
		}
		r.fail(err)
	}
	return true
}

// read is the life of a lane that reads a source.
func (l *lane) read() {
	defer l.watermark.Store(maxTime)
	stop := l.run.sourceCtx
	state := reading
	for state == reading && stop.Err() == nil {
		state = l.fill(stop, "read", l.reader.Read)
	}
	d, ok := l.reader.(Drainer)
	if !ok || state == ended {
		return
	}
	for state = reading; state == reading; {
		state = l.fill(l.ctx, "drain", d.Drain)
		if state == reading && l.ctx.Err() != nil {
			l.run.fail(l.source.fail("drain", context.Cause(l.ctx)))
			return
		}
	}
}

// readState is what a source may be asked for next.
type readState uint8

const (
	reading readState = iota // more
	stopped                  // what it holds: its context ended
	ended                    // nothing
)

// fill has the source fill a batch, and carries it down the path.
func (l *lane) fill(ctx context.Context, op string, read func(context.Context, *flow.Batch) error) readState {
	n, o, wall := l.source, l.run.pool.get(), time.Now()
	b := o.Begin(l.startTime(wall), wall.Add(l.wait()))
	l.run.track(b)
	state := reading
	err := n.call(op, 0, func() (int, error) {
		err := read(ctx, b)
		switch {
		case err == nil:
		case err == io.EOF:
			state = ended
			return b.Len(), nil
		case op == "read" && ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))):
			state = stopped
			return b.Len(), nil
		}
		return b.Len(), err
	})
	count := uint64(b.Len())
	n.meter.in.Add(count)
	n.meter.out.Add(count)
	if count > 0 || !l.run.event {
		l.feed(b)
	}
	o.Finish(nil)
	if err != nil {
		l.run.fail(err)
		return ended
	}
	return state
}

func (l *lane) startTime(wall time.Time) int64 {
	switch {
	case l.run.event:
		return max(l.watermark.Load(), 0)
	case l.run.clock == Clock(wallClock{}):
		return wall.UnixNano()
	}
	return l.run.now()
}

// wait is how long a source may wait for its first flow: the latency, or less
// if a tick is due before.
func (l *lane) wait() time.Duration {
	d := l.run.pl.set.latency
	if l.run.event {
		return d
	}
	now := int64(0)
	for _, s := range l.section.tickers {
		if next := s.byLane[l.id].next.Load(); next != 0 {
			if now == 0 {
				now = l.run.now()
			}
			d = min(d, time.Duration(max(next-now, 0)))
		}
	}
	return max(d, time.Millisecond)
}
