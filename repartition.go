package pipeline

import (
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// queueDepth is how many batches wait for a lane behind a Repartition.
const queueDepth = 4

// message is what a lane behind a Repartition receives: flows, or word that
// event time went on.
type message struct {
	view *flow.View
	now  int64
}

// repartitionStep hands the flows of a batch to the lanes of the next section.
// Nothing is copied: each lane has a view of the batch with its own rows.
type repartitionStep struct {
	*node
	by []flow.Field
	to *section

	rows [][][]uint16 // by lane, by target
}

func (s *repartitionStep) run(l *lane, b *flow.Batch) {
	flows, rows := b.Raw()
	s.meter.in.Add(uint64(len(rows)))
	parts := s.rows[l.id]
	for i := range parts {
		parts[i] = parts[i][:0]
	}
	n := uint64(len(parts))
	for _, r := range rows {
		p := b.Hash(&flows[r], s.by) >> 32 * n >> 32
		parts[p] = append(parts[p], r)
	}
	for i, part := range parts {
		if len(part) == 0 {
			continue
		}
		b.SetRows(part)
		v := b.Retain()
		select {
		case s.to.in[i] <- message{view: v, now: b.Now()}:
			s.meter.out.Add(uint64(len(part)))
		case <-l.ctx.Done():
			err := s.fail("write", ErrDrainTimeout)
			v.Release(err)
			l.lose(s.node, b, len(part), err)
		}
	}
	b.SetRows(nil)
}

func (s *repartitionStep) queued() int {
	n := 0
	for _, q := range s.to.in {
		n += len(q)
	}
	return n
}

// work is the life of a lane behind a Repartition.
func (l *lane) work() {
	idle := newIdler(!l.run.event && len(l.section.tickers) > 0, l.run.pl.set.latency)
	defer idle.stop()
	for {
		select {
		case m, ok := <-l.section.in[l.id]:
			if !ok {
				l.watermark.Store(maxTime)
				return
			}
			l.receive(m)
		case <-idle.c:
			l.ticks(l.run.now())
		case <-l.run.over:
			l.section.from.abandon(l.section.in[l.id])
			return
		}
	}
}

// abandon counts what waits for a lane as dropped.
func (s *repartitionStep) abandon(queue chan message) {
	for {
		select {
		case m := <-queue:
			if m.view == nil {
				continue
			}
			n := uint64(m.view.Batch().Len())
			s.meter.out.Add(-n)
			s.meter.dropped.Add(n)
			m.view.Release(s.fail("drain", ErrDrainTimeout))
		default:
			return
		}
	}
}

func (l *lane) receive(m message) {
	l.last = max(l.last, m.now)
	switch {
	case !l.run.event:
		m.now = l.run.now()
		l.ticks(m.now)
	case m.view == nil && m.now > l.watermark.Load():
		// What a batch tells is the time of the lane that it comes from; only
		// this is what all of them have reached.
		l.watermark.Store(m.now)
		l.ticks(m.now)
	}
	if m.view == nil {
		return
	}
	b := m.view.Batch()
	b.Runtime().SetNow(m.now)
	l.section.path.run(l, b)
	m.view.Release(nil)
}

// tellTime passes event time on to the lanes behind a Repartition, each of which
// sees only some of the flows.
func (s *section) tellTime(l *lane, now int64) {
	if !l.run.event || s.next == nil {
		return
	}
	for {
		told := s.told.Load()
		if now <= told {
			return
		}
		if s.told.CompareAndSwap(told, now) {
			break
		}
	}
	for _, q := range s.next.in {
		select {
		case q <- message{now: now}:
		case <-l.ctx.Done():
			return
		}
	}
}

// idler wakes a lane that has nothing to do; its channel is nil if it need not.
type idler struct {
	c <-chan time.Time
	t *time.Ticker
}

func newIdler(wanted bool, every time.Duration) idler {
	if !wanted {
		return idler{}
	}
	t := time.NewTicker(every)
	return idler{t.C, t}
}

func (i idler) stop() {
	if i.t != nil {
		i.t.Stop()
	}
}
