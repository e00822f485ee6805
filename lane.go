package pipeline

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// lane is one goroutine that carries batches down a section's path.
type lane struct {
	id      int
	section *section
	run     *run
	ctx     context.Context // of the stages; outlives the sources' by the drain timeout

	source *sourceNode // of a lane of the main section
	reader Source

	spare [][]uint16 // selections to lend to tees

	// watermark is the time that the lane has reached, in event time.
	watermark atomic.Int64
	last      int64 // the latest event time seen
	begun     bool
	cut       int64 // event time at which the batch is cut next
}

// section is a path that a set of lanes works on: the main one, which sources
// feed, or one behind a Repartition.
type section struct {
	path    sequence
	tickers []*transformStep
	lanes   []*lane
	in      []chan message   // by lane, behind a Repartition
	from    *repartitionStep // that feeds it; nil for the main section
	next    *section         // behind the Repartition that ends the path
	told    atomic.Int64     // event time that next was told
}

// eventGrid is the step in which event time advances for stages. Batches are cut
// at its multiples, so that Now does not depend on how flows fell into batches.
const eventGrid = int64(100 * time.Millisecond)

// notBegun is the watermark of a lane that has not seen a flow.
const notBegun = int64(-1)

// maxEventTime is the latest time that flows can tell, in the year 2116: it leaves
// room to add intervals.
const maxEventTime = int64(1) << 62

// feed runs a batch that a source filled, or a part of one, and the ticks that
// are due before it.
func (l *lane) feed(b *flow.Batch) {
	if !l.run.event {
		now := l.run.now()
		b.Runtime().SetNow(now)
		l.ticks(now)
		l.section.path.run(l, b)
		return
	}
	flows, rows := b.Raw()
	start := 0
	for k, r := range rows {
		t := min(max(flows[r].EventTime(), l.last), maxEventTime)
		l.last = t
		if !l.begun || t >= l.cut {
			l.part(b, rows[start:k])
			start = k
			l.advance(t)
		}
	}
	l.part(b, rows[start:])
}

// part runs some rows of a batch at the lane's present time.
func (l *lane) part(b *flow.Batch, rows []uint16) {
	if len(rows) == 0 {
		return
	}
	b.SetRows(rows)
	b.Runtime().SetNow(l.watermark.Load())
	l.section.path.run(l, b)
}

// advance moves event time on to the last point of the grid, or the last tick,
// that is not after t, and runs the ticks on the way.
func (l *lane) advance(t int64) {
	l.begun = true
	reached := t - t%eventGrid
	l.cut = reached + eventGrid
	for _, iv := range l.run.intervals {
		reached = max(reached, t-t%iv)
		l.cut = min(l.cut, t-t%iv+iv)
	}
	l.watermark.Store(reached)
	l.ticks(reached)
}

// ticks runs what is due, the earliest first.
func (l *lane) ticks(now int64) {
	if len(l.section.tickers) == 0 && !l.run.event {
		return
	}
	now = l.section.reached(l, now)
	if now == notBegun {
		return // nobody knows yet when time begins
	}
	for {
		var step *transformStep
		at := int64(maxTime)
		for _, s := range l.section.tickers {
			if t, ok := s.byLane[l.id].due(now); ok && t < at {
				step, at = s, t
			}
		}
		if step == nil {
			break
		}
		i := step.byLane[l.id]
		next := i.next.Load()
		if next <= at && i.next.CompareAndSwap(next, at+i.interval) {
			step.tick(l, i, at, false)
		}
	}
	l.section.tellTime(l, now)
}

// reached is the time that all lanes of the section have reached.
func (s *section) reached(l *lane, now int64) int64 {
	if !l.run.event {
		return now
	}
	for _, other := range s.lanes {
		if other != l {
			now = min(now, other.watermark.Load())
		}
	}
	return now
}

// emit hands fn an empty batch to fill and send on.
func (l *lane) emit(fn func(*flow.Batch)) {
	o := l.run.pool.get()
	b := o.Begin(0, time.Time{})
	l.run.track(b)
	fn(b)
	o.Finish(nil)
}

// copyTo runs a path over a copy of the selected flows. The copy's completion is
// part of the original's.
func (l *lane) copyTo(b *flow.Batch, path sequence) {
	l.emit(func(c *flow.Batch) {
		c.OnDone(b.Hold())
		b.Runtime().TakeHeld()
		c.Runtime().SetNow(b.Now())
		for fl := range b.All() {
			c.Append(b, fl)
		}
		path.run(l, c)
	})
}

// lose counts flows as dropped by a stage that failed, and takes them out of
// the batch.
func (l *lane) lose(n *node, b *flow.Batch, count int, err error) {
	n.meter.dropped.Add(uint64(count))
	b.Runtime().Fail(err)
	b.SetRows(nil)
	l.run.fail(err)
}

func (l *lane) borrow(rows []uint16) []uint16 {
	var own []uint16
	if n := len(l.spare); n > 0 {
		own, l.spare = l.spare[n-1], l.spare[:n-1]
	}
	return append(own[:0], rows...)
}

func (l *lane) giveBack(rows []uint16) { l.spare = append(l.spare, rows) }

// pool keeps the batches that are not in use.
type pool struct {
	config flow.OwnerConfig
	mu     sync.Mutex
	free   []*flow.Owner
}

func newPool(c flow.OwnerConfig) *pool {
	p := &pool{config: c}
	p.config.Free = p.put
	return p
}

func (p *pool) get() *flow.Owner {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		o := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return o
	}
	p.mu.Unlock()
	return flow.NewOwner(p.config)
}

func (p *pool) put(o *flow.Owner) {
	p.mu.Lock()
	p.free = append(p.free, o)
	p.mu.Unlock()
}

// drop gives the memory back.
func (p *pool) drop() {
	p.mu.Lock()
	p.free = slices.Clip(p.free[:0])
	p.mu.Unlock()
}
