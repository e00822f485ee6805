package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// mergeBatch is how many flows of one part are held.
const mergeBatch = 256

// Merge makes one source of several: in the order of the flows' own time (of
// receipt, else of their end, else of their start), as far as each part is in
// that order itself. At equal times the earlier argument comes first, so the
// result is the same every time. A part that waits holds up the others, since
// its next flow may be the earliest.
func Merge(parts ...pipeline.Source) pipeline.Source {
	return pipeline.NewSource("merge", func() (pipeline.Source, error) {
		m := &merge{}
		var errs []error
		for i, p := range parts {
			src, err := pipeline.MakeSource(p)
			if err != nil {
				errs = append(errs, fmt.Errorf("part %d: %w", i+1, err))
			}
			m.parts = append(m.parts, &part{src: src})
		}
		if len(parts) == 0 {
			errs = append(errs, errors.New("nothing to merge"))
		}
		return m, errors.Join(errs...)
	})
}

type merge struct {
	parts  []*part
	env    pipeline.Env
	err    error // of the context that ended; the flows that are held come first
	failed error // of parts that failed; what the others hold comes first

	draining bool
}

// errNotPassed is what becomes of flows that a part gave and that were not
// passed on before the run ended.
var errNotPassed = errors.New("the run ended before the flow was passed on")

// part is one of the merged sources, with the flows that it gave and that are
// not passed on yet.
type part struct {
	src    pipeline.Source
	opened bool
	ended  bool

	owner *flow.Owner
	batch *flow.Batch
	rows  []uint16
	taken *flow.Batch      // the batch that the latest flow went to
	free  chan *flow.Owner // whose batches are done with
}

// Open opens the parts. When one fails, those before it are closed.
func (m *merge) Open(ctx context.Context, env pipeline.Env) error {
	m.env = env
	for _, p := range m.parts {
		p.free = make(chan *flow.Owner, 4)
		if o, ok := p.src.(pipeline.Opener); ok {
			if err := o.Open(ctx, env); err != nil {
				return errors.Join(err, m.Close(ctx))
			}
		}
		p.opened = true
	}
	return nil
}

// Close closes the parts that are open.
func (m *merge) Close(ctx context.Context) error {
	var errs []error
	for _, p := range m.parts {
		if len(p.rows) > 0 {
			p.finish(errNotPassed)
		} else {
			p.finish(nil)
		}
		if c, ok := p.src.(pipeline.Closer); ok && p.opened {
			errs = append(errs, c.Close(ctx))
		}
		p.opened = false
	}
	return errors.Join(errs...)
}

// Replays reports whether all parts do.
func (m *merge) Replays() bool {
	for _, p := range m.parts {
		if r, ok := p.src.(pipeline.Replayer); !ok || !r.Replays() {
			return false
		}
	}
	return true
}

// Extensions returns those of the parts.
func (m *merge) Extensions() []flow.Extender {
	var all []flow.Extender
	for _, p := range m.parts {
		if x, ok := p.src.(pipeline.Extended); ok {
			all = append(all, x.Extensions()...)
		}
	}
	return all
}

// Drain gives the flows that are held, and those that the parts still hold.
func (m *merge) Drain(ctx context.Context, b *flow.Batch) error {
	m.draining, m.err = true, nil // that was only the end of reading
	return m.Read(ctx, b)
}

func (m *merge) Read(ctx context.Context, b *flow.Batch) error {
	for _, p := range m.parts {
		p.taken = nil // b is used again and again
	}
	for !b.Full() {
		var first *part
		for _, p := range m.parts {
			if len(p.rows) == 0 && !p.ended && m.err == nil && !m.refill(ctx, p, b) {
				return nil
			}
			if len(p.rows) > 0 && (first == nil || p.time() < first.time()) {
				first = p
			}
		}
		switch {
		case first != nil:
			first.pass(b)
		case m.err != nil:
			return m.err
		case m.failed != nil && b.Len() == 0:
			return m.failed
		default:
			return endOf(b)
		}
	}
	return nil
}

// refill reads more of a part. It reports false when nothing came in time.
func (m *merge) refill(ctx context.Context, p *part, b *flow.Batch) bool {
	p.finish(nil)
	read := p.src.Read
	if m.draining {
		d, ok := p.src.(pipeline.Drainer)
		if !ok {
			p.ended = true
			return true
		}
		read = d.Drain
	}
	deadline := b.Deadline()
	if b.Len() > 0 {
		deadline = time.Unix(0, 0) // look, but do not wait
	}
	select {
	case p.owner = <-p.free:
	default:
		p.owner = flow.NewOwner(flow.OwnerConfig{Size: mergeBatch, Layout: m.env.Layout, Symbols: m.env.Symbols, Free: p.giveBack})
	}
	p.batch = p.owner.Begin(b.Now(), deadline)
	p.taken = nil
	err := read(ctx, p.batch)
	_, p.rows = p.batch.Raw()
	switch {
	case err == io.EOF:
		p.ended = true
	case err != nil && ctx.Err() != nil:
		m.err = err // reading ends; Drain goes on
	case err != nil:
		// The others are read no more, but give what they hold.
		p.ended, m.draining = true, true
		m.failed = errors.Join(m.failed, err)
	}
	return len(p.rows) > 0 || err != nil
}

// finish gives the part's batch back.
func (p *part) finish(err error) {
	if p.owner != nil {
		p.owner.Finish(err)
		p.owner, p.rows = nil, nil
	}
}

func (p *part) giveBack(o *flow.Owner) {
	select {
	case p.free <- o:
	default:
	}
}

// time returns the time of the first flow that is held.
func (p *part) time() int64 {
	flows, _ := p.batch.Raw()
	return flows[p.rows[0]].EventTime()
}

// pass moves the first flow that is held to b. The part learns what becomes of
// its flows when b does.
func (p *part) pass(b *flow.Batch) {
	if p.taken != b {
		p.taken = b
		v := p.batch.Retain()
		b.OnDone(v.Release)
	}
	flows, _ := p.batch.Raw()
	b.Append(p.batch, &flows[p.rows[0]])
	if p.rows = p.rows[1:]; len(p.rows) == 0 {
		p.finish(nil)
	}
}
