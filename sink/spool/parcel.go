package spool

import (
	"context"
	"slices"
	"sync"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/diskqueue"
)

// parcel is a record on its way to the target.
type parcel struct {
	record   diskqueue.Record // without its payload
	owner    *flow.Owner
	batch    *flow.Batch
	rows     []uint16 // that are not delivered
	attempts int
	busy     bool  // the target has it
	err      error // of the latest attempt
	seen     bool  // the error was acted on

	mu   sync.Mutex
	lost []uint16 // rows that failed in this attempt
}

// attempt writes what is not delivered to the target. finished is called, perhaps
// before attempt returns, once the target has let go of it.
func (p *parcel) attempt(ctx context.Context, t *target, finished func()) {
	p.attempts++
	p.busy, p.err, p.seen, p.lost = true, nil, false, nil
	v := p.batch.Sub(func(err error) error {
		p.err = err
		return nil
	}, finished)
	b := v.Batch()
	b.SetRows(slices.Clone(p.rows))
	b.Runtime().OnFailure(func(b *flow.Batch, err error) error {
		p.lose(b.Runtime().Failed(err))
		return err
	})
	err := t.write(ctx, b)
	if lost := b.Runtime().Failed(err); len(lost) > 0 {
		p.lose(lost)
	} else {
		err = nil // a PartialError about no flow
	}
	v.Release(err)
}

func (p *parcel) lose(rows []uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = append(p.lost, rows...)
}

// settle works out what is left after an attempt, and returns how many flows were
// delivered by it.
func (p *parcel) settle() (delivered int) {
	p.busy = false
	before := len(p.rows)
	switch {
	case p.err == nil:
		p.rows = nil
	case len(p.lost) > 0:
		slices.Sort(p.lost)
		p.rows = slices.Compact(p.lost)
	default: // somebody failed who held the batch as a whole
	}
	return before - len(p.rows)
}

// failed reports whether the parcel has to be tried again.
func (p *parcel) failed() bool { return !p.busy && len(p.rows) > 0 }
