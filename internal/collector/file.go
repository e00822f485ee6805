package collector

import (
	"context"
	"fmt"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/input"
	"github.com/flowpipeline/pipeline/internal/meter"
	"github.com/flowpipeline/pipeline/internal/netflow"
)

// FileConfig says what of a file is decoded and how.
type FileConfig struct {
	Open       func() (*input.Reader, error)
	Ports      []uint16 // of a capture; none for what looks like a flow export
	Speed      float64  // 1 for the original one; 0 for as fast as it goes
	Protocols  Protocols
	Extensions []flow.Extender
}

// File reads flow exports from a file.
type File struct {
	name string
	c    FileConfig
	file *datagram.File
	lane *Lane

	counts datagram.Counts
	meters meter.Set
}

// NewFile returns a source, that opens nothing yet.
func NewFile(name string, c FileConfig) (*File, error) {
	if !(c.Speed >= 0 && c.Speed <= maxSpeed) {
		return nil, fmt.Errorf("a speed of %v is not 0 to %v", c.Speed, maxSpeed)
	}
	if err := c.Protocols.check(); err != nil {
		return nil, err
	}
	return &File{name: name, c: c}, nil
}

// maxSpeed bounds how many times as fast as it was a recording can be replayed
// in a rhythm.
const maxSpeed = 1e9

// Bind looks whether there are the fields that elements are mapped to.
func (f *File) Bind(layout *flow.Layout) error { return f.c.Protocols.bind(layout) }

// Extensions declares the fields that elements are mapped to.
func (f *File) Extensions() []flow.Extender { return f.c.Extensions }

// String returns the source's name.
func (f *File) String() string { return f.name }

// Replays reports whether the datagrams tell the time: not if they come in the
// rhythm of the clock.
func (f *File) Replays() bool { return f.c.Speed == 0 }

// Open opens the file.
func (f *File) Open(_ context.Context, env pipeline.Env) error {
	var store *netflow.Store
	if n := f.c.Protocols.NetFlow; n != nil {
		store = netflow.NewStore(*n)
	}
	dec, err := f.c.Protocols.open(store, env)
	if err != nil {
		return err
	}
	in, err := f.c.Open()
	if err != nil {
		return err
	}
	f.file = datagram.NewFile(in, f.c.Ports...)
	var from datagram.Receiver = f.file
	if f.c.Speed > 0 {
		from = datagram.Pace(from, f.c.Speed)
	}
	f.lane = newLane(from, dec, env)
	f.lane.told = func() {
		counts := f.file.Counts()
		if n := counts.Torn - f.counts.Torn; n > 0 {
			env.Logger.Warn("the recording is torn; it is read on at the next section", "places", n, "bytes", counts.TornBytes-f.counts.TornBytes)
		}
		f.counts = counts
		f.meters.Publish()
	}
	f.meters.Add(env, "packets", &f.counts.Packets)
	f.meters.Add(env, "refused_packets", &f.counts.Refused)
	f.meters.Add(env, "other_packets", &f.counts.Others)
	f.meters.Add(env, "refused_fragments", &f.counts.Fragments)
	f.meters.Add(env, "truncated_datagrams", &f.counts.Truncated)
	f.meters.Add(env, "torn_places", &f.counts.Torn)
	f.meters.Add(env, "torn_bytes", &f.counts.TornBytes)
	return nil
}

// Read fills b with flows.
func (f *File) Read(ctx context.Context, b *flow.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.lane.Read(ctx, b)
}

// Drain fills b with the flows of datagrams that were read before the run was
// told to stop.
func (f *File) Drain(ctx context.Context, b *flow.Batch) error { return f.lane.Drain(ctx, b) }

// Close closes the file.
func (f *File) Close(context.Context) error {
	f.lane.abandon()
	return f.file.Close()
}
