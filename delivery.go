package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/flowpipeline/pipeline/flow"
)

// sinkNode is a sink in a pipeline, or inside a stage that wraps it.
type sinkNode struct {
	node
	sink Sink
	mu   *sync.Mutex // nil if the sink is concurrent or there is one lane
	// passesOn says that what this stage counts as out becomes dropped when the
	// wrapped sink fails later.
	passesOn bool
	above    *sinkNode
	abandon  func(error) // gives up what waits in the sink; nil if nothing can
	spare    sync.Pool   // of deliveries
}

// delivery is one write of a batch to a sink, until the last view that the sink
// retained is released.
type delivery struct {
	node *sinkNode
	seen *failures                      // of whoever wrapped the sink
	next func(*flow.Batch, error) error // hook of the queue in front of the sink
	hook func(*flow.Batch, error) error // d.late

	mu     sync.Mutex
	failed map[uint16]bool // rows
}

func (n *sinkNode) begin(seen *failures) *delivery {
	d, ok := n.spare.Get().(*delivery)
	if !ok {
		d = &delivery{node: n}
		d.hook = d.late
	}
	d.seen, d.next = seen, nil
	clear(d.failed)
	return d
}

// write delivers a batch. Failures that come later, when a retained view is
// released, go to seen if it is not nil, and to the batch's completion.
func (n *sinkNode) write(ctx context.Context, b *flow.Batch, seen *failures) error {
	in := b.Len()
	n.meter.in.Add(uint64(in))
	if n.failed.Load() {
		n.meter.dropped.Add(uint64(in))
		seen.addAll(b)
		return n.stopped("write")
	}
	d, rt := n.begin(seen), b.Runtime()
	before, _ := rt.OnFailure(d.hook)
	if n.above != nil && n.above.passesOn {
		d.next = before
	}
	var lost []uint16
	err := n.call("write", in, func() (int, error) {
		if n.mu != nil {
			n.mu.Lock()
			defer n.mu.Unlock()
		}
		err := n.sink.Write(ctx, b)
		if lost = b.Runtime().Failed(err); len(lost) == 0 {
			err = nil // a PartialError about no flow
		}
		return in, err
	})
	if errors.Is(err, ErrPanic) {
		lost = b.Runtime().Failed(err)
	}
	fresh := d.add(lost)
	n.meter.dropped.Add(uint64(fresh))
	n.meter.out.Add(uint64(in - fresh))
	if _, retained := rt.OnFailure(before); !retained {
		n.spare.Put(d)
	}
	return err
}

// late is told that a view was released with an error. It takes back what write
// counted as delivered.
func (d *delivery) late(v *flow.Batch, err error) error {
	rows := v.Runtime().Failed(err)
	if len(rows) == 0 {
		return nil
	}
	if d.node.passesOn {
		// The sink behind the queue has counted its failure already.
		d.seen.addRows(rows)
		return err
	}
	d.node.unsend(d.add(rows), false)
	err = d.node.fail("write", err)
	if d.next != nil {
		return d.next(v, err)
	}
	return err
}

// add notes failed rows, and returns how many of them had not failed before.
func (d *delivery) add(rows []uint16) (fresh int) {
	if len(rows) == 0 {
		return 0
	}
	d.seen.addRows(rows)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = map[uint16]bool{}
	}
	for _, r := range rows {
		if !d.failed[r] {
			d.failed[r] = true
			fresh++
		}
	}
	return fresh
}

// unsend moves flows that were counted as delivered, or are about to be, to the
// dropped ones: here and at the queues in front of this sink, which count as
// delivered what they hold. A drop that the stages above hear nothing of counts
// at all of them.
func (n *sinkNode) unsend(count int, silent bool) {
	for s := n; ; s = s.above {
		s.meter.out.Add(-uint64(count))
		s.meter.dropped.Add(uint64(count))
		if s.above == nil || !silent && !s.above.passesOn {
			return
		}
	}
}

// failures gathers the rows of a batch that were not delivered. The nil value
// gathers nothing.
type failures struct {
	mu   sync.Mutex
	rows map[uint16]bool
}

func (f *failures) addAll(b *flow.Batch) {
	if f != nil {
		_, rows := b.Raw()
		f.addRows(rows)
	}
}

func (f *failures) addRows(rows []uint16) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil {
		f.rows = map[uint16]bool{}
	}
	for _, r := range rows {
		f.rows[r] = true
	}
}

func (f *failures) sorted() []uint16 {
	f.mu.Lock()
	defer f.mu.Unlock()
	rows := make([]uint16, 0, len(f.rows))
	for r := range f.rows {
		rows = append(rows, r)
	}
	slices.Sort(rows)
	return rows
}
