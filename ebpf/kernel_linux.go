package ebpf

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/ebpf/internal/kernel"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/flowtable"
)

const (
	// lookEvery is after how many flows of a generation the events are looked at,
	// so that their ring does not run over meanwhile.
	lookEvery = 256
	// maxBacklog bounds the events that are read before the flows of a generation.
	maxBacklog = 1 << 16
	// rounds are the generations that are read after the programs were detached:
	// the one that was live, and the next, into which a program may still count
	// that saw the swap.
	rounds = 2
)

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// phase is what a kernelReader is doing.
type phase uint8

const (
	listening phase = iota // waiting for events and the end of the interval
	catching               // reading the events that came before the swap
	taking                 // reading the flows of the last generation
	expiring               // writing the flows that are due
)

// kernelReader makes flows of what programs count in the kernel.
type kernelReader struct {
	c        *config
	kernel   *kernel.Table
	flows    *flowtable.Table
	counters *counters
	watch    *attach.Watch
	clsact   *attach.Clsact // nil for none
	names    *names
	owners   *processes // nil for none
	waker    waker

	phase   phase
	entry   kernel.Entry
	pending kernel.Kind // what entry holds that the flows have yet to take
	read    int         // entries read in this phase

	next    time.Time // when the counts are taken over next
	early   bool      // the kernel had no room for a flow
	swapped int64     // when the last generation ended at the earliest
	rounds  int       // generations that are left to read while draining
	drained bool
}

func newKernelReader(c *config, k *kernel.Table, p *processes, counts *counters) *kernelReader {
	t := c.table
	if p != nil {
		t.Tell = p.tell
	}
	return &kernelReader{
		c: c, kernel: k, counters: counts, flows: flowtable.New(t), owners: p,
		waker: waker{wake: func() { _ = k.Wake() }},
		next:  time.Now().Add(c.interval), rounds: -1,
	}
}

// Read fills b with flows that ended.
func (r *kernelReader) Read(ctx context.Context, b *flow.Batch) error {
	r.waker.watch(ctx)
	for {
		if r.phase != listening {
			if done, err := r.take(b); !done || err != nil {
				return err
			}
			continue
		}
		if b.Len() > 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		now := time.Now()
		if r.early || !now.Before(r.next) {
			if err := r.swap(now); err != nil {
				return err
			}
			continue
		}
		if !now.Before(b.Deadline()) {
			return nil
		}
		if more, err := r.listen(b, now); !more || err != nil {
			return err
		}
	}
}

// listen waits for an event and counts it. It returns false when b is full.
func (r *kernelReader) listen(b *flow.Batch, now time.Time) (bool, error) {
	if !r.count(b) {
		return false, nil
	}
	deadline := r.next
	if b.Deadline().Before(deadline) {
		deadline = b.Deadline()
	}
	kind, err := r.kernel.Event(deadline, &r.entry)
	r.pending = kind
	r.early = r.early || kind == kernel.Packet
	return r.count(b), err
}

// swap ends a generation.
func (r *kernelReader) swap(now time.Time) error {
	r.counters.takings++
	if r.early {
		r.counters.early++
	}
	r.swapped, r.next, r.early = now.UnixNano(), now.Add(r.c.interval), false
	r.phase, r.read = catching, 0
	r.owners.forget()
	return r.kernel.Swap()
}

// take takes over what the last generation counted, and the events before it. It
// returns false when b is full before that is done.
func (r *kernelReader) take(b *flow.Batch) (done bool, err error) {
	for r.count(b) {
		switch r.phase {
		case catching:
			if r.pending, err = r.kernel.Event(past, &r.entry); err != nil {
				return false, err
			}
			if r.read++; r.pending == kernel.None || r.read == maxBacklog {
				r.phase, r.read = taking, 0
			}
		case taking:
			if err := r.step(); err != nil {
				return false, err
			}
		case expiring:
			if !r.flows.Expire(r.swapped, b) {
				return false, nil
			}
			r.phase = listening
			return true, r.look()
		case listening:
			return true, nil
		}
	}
	return false, nil
}

// step reads a flow of the last generation, or an event in between.
func (r *kernelReader) step() (err error) {
	if r.read++; r.read%lookEvery == 0 {
		r.pending, err = r.kernel.Event(past, &r.entry)
		r.early = r.early || r.pending == kernel.Packet
		if r.pending != kernel.None {
			r.read-- // and the next one
		}
		return err
	}
	ok, err := r.kernel.Next(&r.entry)
	if ok {
		r.pending = kernel.Packet
	} else {
		r.phase = expiring
	}
	return err
}

// count counts what is pending. It returns false when b is full before.
func (r *kernelReader) count(b *flow.Batch) bool {
	e := &r.entry
	if r.pending == kernel.None {
		return true
	}
	e.Packet.IfName = r.names.of(e.Key.IfIndex)
	if r.pending == kernel.Frame {
		if !r.flows.Describe(e.Key, &e.Packet, e.At, b) {
			return false
		}
	} else {
		if r.owners != nil {
			e.Delta.Owner = r.owners.of(e)
		}
		if !r.flows.Merge(e.Key, &e.Packet, &e.Delta, b) {
			return false
		}
		r.counters.counted.Packets += e.Delta.StackPackets
		r.counters.counted.Bytes += e.Delta.StackBytes
	}
	r.pending = kernel.None
	return true
}

// look brings the counters up to date.
func (r *kernelReader) look() (err error) {
	r.counters.table = r.flows.Counts()
	r.counters.failures = r.watch.Failures()
	r.counters.kernel, err = r.kernel.Counts()
	return err
}

// Drain detaches the programs, and fills b with all flows.
func (r *kernelReader) Drain(_ context.Context, b *flow.Batch) error {
	if err := r.detach(); err != nil {
		return err
	}
	for r.phase != listening || r.rounds > 0 {
		if r.phase == listening {
			r.rounds--
			if err := r.swap(time.Now()); err != nil {
				return err
			}
		}
		if done, err := r.take(b); !done || err != nil {
			return err
		}
	}
	if !r.count(b) || !r.flows.Flush(b) {
		return nil
	}
	r.drained = true
	return io.EOF
}

// detach takes the programs off the interfaces.
func (r *kernelReader) detach() error {
	if r.rounds >= 0 {
		return nil
	}
	r.rounds = rounds
	return r.watch.Close()
}

// Close lets go of everything, and counts what was not delivered.
func (r *kernelReader) Close() error {
	r.waker.stop()
	err := r.detach()
	if !r.drained {
		r.abandon()
	}
	return errors.Join(err, r.look(), r.release())
}

// abandon counts the packets that are in no flow that was delivered.
func (r *kernelReader) abandon() {
	lost := r.flows.Open()
	if r.pending == kernel.Packet {
		lost += r.entry.Delta.Packets
	}
	for ; r.rounds >= 0; r.rounds-- {
		for ok := true; ok; {
			if ok, _ = r.kernel.Next(&r.entry); ok {
				lost += r.entry.Delta.Packets
			}
		}
		if r.rounds > 0 && r.kernel.Swap() != nil {
			break
		}
	}
	for kind := kernel.Frame; kind != kernel.None; {
		if kind, _ = r.kernel.Event(past, &r.entry); kind == kernel.Packet {
			lost += r.entry.Delta.Packets
		}
	}
	r.counters.abandoned = lost
}

// release closes what the kernel holds.
func (r *kernelReader) release() error {
	err := errors.Join(r.kernel.Close(), r.owners.Close())
	if r.clsact != nil {
		err = errors.Join(err, r.clsact.Close())
	}
	return err
}
