package collector

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/meter"
)

const (
	// maxPolls bounds how often one Read looks for more without waiting: what
	// comes may be nothing but refused.
	maxPolls = 1024
	// moment is how long a draining lane waits for what the kernel still holds.
	moment = 5 * time.Millisecond
)

// Lane reads datagrams from a receiver and decodes them. It is for one goroutine.
type Lane struct {
	in  datagram.Receiver
	dec decoders

	queue   []datagram.Datagram // received, not begun
	current decoder             // of the datagram under way; nil for none

	drained, maxDrain int         // bytes that Drain received without a session, and may
	ending            func() bool // sessions are about to end by themselves; nil for none

	counts struct{ datagrams, bytes, refused, abandoned uint64 }
	meters meter.Set
	env    pipeline.Env
	report report
	told   func() // called when the counters are up to date; nil for none
}

func newLane(in datagram.Receiver, dec decoders, env pipeline.Env) *Lane {
	l := &Lane{in: in, dec: dec, env: env}
	l.meters = l.dec.meters(env)
	l.meters.Add(env, "datagrams", &l.counts.datagrams)
	l.meters.Add(env, "bytes", &l.counts.bytes)
	l.meters.Add(env, "refused_protocol", &l.counts.refused)
	l.meters.Add(env, "abandoned_datagrams", &l.counts.abandoned)
	return l
}

// Read fills b with flows. It does not wait when it has some.
func (l *Lane) Read(ctx context.Context, b *flow.Batch) error {
	defer l.publish(b.Now())
	for range maxPolls {
		if l.decode(b) {
			return nil
		}
		deadline := b.Deadline()
		if b.Len() > 0 {
			deadline = time.Time{}
		}
		if err := l.receive(ctx, deadline); err != nil {
			return timely(err)
		}
	}
	return nil
}

// Drain decodes what was received before the run was told to stop, and what the
// kernel holds by then, but not what comes for as long as it comes. Of sessions it
// decodes what comes until they end.
func (l *Lane) Drain(ctx context.Context, b *flow.Batch) error {
	defer l.publish(b.Now())
	for {
		if l.decode(b) {
			return nil
		}
		ending := l.ending != nil && l.ending()
		if l.drained >= l.maxDrain && !ending {
			return io.EOF
		}
		err := l.receive(ctx, time.Now().Add(moment))
		for i := range l.queue {
			if d := &l.queue[i]; d.Session == 0 {
				l.drained += len(d.Payload)
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if !ending {
				return io.EOF
			}
		case err != nil:
			return err
		}
	}
}

// timely makes a deadline that is over no error.
func timely(err error) error {
	if err == os.ErrDeadlineExceeded {
		return nil
	}
	return err
}

func (l *Lane) receive(ctx context.Context, deadline time.Time) (err error) {
	if l.queue, err = l.in.Receive(ctx, deadline); err != nil {
		l.queue = nil
		return err
	}
	l.counts.datagrams += uint64(datagram.Count(l.queue))
	for i := range l.queue {
		l.counts.bytes += uint64(len(l.queue[i].Payload))
	}
	return nil
}

// decode decodes what was received. It returns whether b is full.
func (l *Lane) decode(b *flow.Batch) (full bool) {
	for {
		if l.current != nil {
			if !l.current.Fill(b) {
				return true
			}
			l.current = nil
		}
		switch {
		case len(l.queue) == 0:
			return b.Full()
		case b.Full():
			return true
		}
		l.begin(&l.queue[0])
		l.queue = l.queue[1:]
	}
}

// begin begins a datagram, or a message of a session, which is of IPFIX.
func (l *Lane) begin(d *datagram.Datagram) {
	switch {
	case d.Ends():
		l.dec.netflow.EndSession(d.From, d.Session)
	case d.Session != 0:
		l.dec.netflow.BeginMessage(d.Payload, d.From, d.Session, d.Received)
		l.current = l.dec.netflow
	default:
		if l.current = l.choose(d.Payload); l.current == nil {
			l.counts.refused++
			return
		}
		l.current.Begin(d.Payload, d.From, d.Received)
	}
}

// choose returns the decoder of a datagram; nil when it is of no protocol that
// is known. A single decoder gets everything, since it says best what is wrong.
func (l *Lane) choose(payload []byte) decoder {
	switch {
	case l.dec.sflow == nil:
		return l.dec.netflow
	case l.dec.netflow == nil:
		return l.dec.sflow
	}
	switch datagram.Tell(payload) {
	case datagram.NetFlow:
		return l.dec.netflow
	case datagram.SFlow:
		return l.dec.sflow
	}
	return nil
}

// abandon counts what was received and can no longer be delivered.
func (l *Lane) abandon() {
	l.counts.abandoned += uint64(datagram.Count(l.queue))
	if l.current != nil {
		l.counts.abandoned++
	}
	l.queue, l.current = nil, nil
	l.publish(final)
}

func (l *Lane) publish(now int64) {
	l.dec.update(now)
	l.meters.Publish()
	if l.told != nil {
		l.told()
	}
	l.report.log(l, now)
}
