package sink

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Discard throws flows away.
func Discard() pipeline.Sink { return Func("discard", func(*flow.Batch) error { return nil }) }

// Func is a sink that calls fn with every batch. fn may be called concurrently
// when the pipeline has several lanes. It must not keep the batch.
func Func(name string, fn func(*flow.Batch) error) pipeline.Sink {
	return pipeline.NewSink(name, func() (pipeline.Sink, error) { return concurrent(fn), nil })
}

// Each is a sink that calls fn with every flow; see Func. A flow for which fn
// returns an error has failed, the others are delivered.
func Each(name string, fn func(*flow.Flow) error) pipeline.Sink {
	return Func(name, func(b *flow.Batch) error {
		var failed flow.PartialError
		flows, rows := b.Raw()
		for _, i := range rows {
			err := fn(&flows[i])
			if err == nil {
				continue
			}
			if failed.Rows = append(failed.Rows, i); failed.Err == nil {
				failed.Err = err
			}
		}
		if failed.Err != nil {
			return &failed
		}
		return nil
	})
}

type concurrent func(*flow.Batch) error

func (fn concurrent) Write(_ context.Context, b *flow.Batch) error { return fn(b) }

func (concurrent) Concurrent() bool { return true }

// Counter counts what reaches it. Its methods may be called at any time, from
// any goroutine.
type Counter struct{ flows, packets, bytes atomic.Uint64 }

// Count returns a sink that counts flows, packets and bytes.
func Count() *Counter { return new(Counter) }

// String returns the sink's name.
func (c *Counter) String() string { return "count" }

// Concurrent reports true.
func (c *Counter) Concurrent() bool { return true }

// Write implements pipeline.Sink.
func (c *Counter) Write(_ context.Context, b *flow.Batch) error {
	var packets, bytes uint64
	flows, rows := b.Raw()
	for _, i := range rows {
		packets += flows[i].Packets
		bytes += flows[i].Bytes
	}
	c.flows.Add(uint64(len(rows)))
	c.packets.Add(packets)
	c.bytes.Add(bytes)
	return nil
}

// Flows returns how many flows came.
func (c *Counter) Flows() uint64 { return c.flows.Load() }

// Packets returns how many packets the flows had.
func (c *Counter) Packets() uint64 { return c.packets.Load() }

// Bytes returns how many bytes the flows had.
func (c *Counter) Bytes() uint64 { return c.bytes.Load() }

// DefaultDot is how many flows make a dot.
const DefaultDot = 5000

// Dots writes a dot to w for every so many flows; 0 means DefaultDot.
func Dots(w io.Writer, every int) pipeline.Sink {
	if every == 0 {
		every = DefaultDot
	}
	return toWriter("dots", w, func() (encoder, error) {
		if every < 0 {
			return nil, fmt.Errorf("a dot for every %d flows makes no sense", every)
		}
		return &dots{every: every}, nil
	})
}

type dots struct{ every, seen int }

func (*dots) alone() {}

func (d *dots) AppendBatch(dst []byte, b *flow.Batch) []byte {
	for d.seen += b.Len(); d.seen >= d.every; d.seen -= d.every {
		dst = append(dst, '.')
	}
	return dst
}
