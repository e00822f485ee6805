package ebpf

import (
	"context"
	"errors"

	"github.com/cilium/ebpf/asm"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/ebpf/internal/push"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns"
)

// source counts the flows of interfaces.
type source struct {
	name      string
	c         config
	selection attach.Selection

	code   asm.Instructions // the filter that was pushed; nil for none
	pushed filter.Predicate // the same

	namespace *netns.Namespace
	reader    reader // nil until it is open
	counters  counters
}

var (
	_ pipeline.Pusher  = (*source)(nil)
	_ pipeline.Drainer = (*source)(nil)
)

// reader makes flows of what passes the interfaces. It detaches from them when it
// drains.
type reader interface {
	Read(ctx context.Context, b *flow.Batch) error
	Drain(ctx context.Context, b *flow.Batch) error
	Close() error
}

func newSource(name string, c config) (pipeline.Source, error) {
	selection, err := attach.Select(c.names...)
	kernel, ring := c.kernel(), c.packets()
	if err := errors.Join(err, kernel.Check(), ring.Check()); err != nil {
		return nil, err
	}
	return &source{name: name, c: c, selection: selection, pushed: filter.All()}, nil
}

// Pushable parts a filter into what the key of a flow tells and the rest.
func (s *source) Pushable(p filter.Predicate) (part, rest filter.Predicate) {
	_, part, rest = push.Compile(p)
	return part, rest
}

// Push has the kernel test a part that Pushable returned.
func (s *source) Push(part filter.Predicate) error {
	s.code, s.pushed, _ = push.Compile(part)
	return nil
}

// Open attaches to the interfaces.
func (s *source) Open(_ context.Context, env pipeline.Env) (err error) {
	s.counters.open(env)
	if s.namespace, err = netns.Open(s.c.namespace); err != nil {
		return err
	}
	if s.reader, err = s.attach(env); err != nil {
		return errors.Join(err, s.namespace.Close())
	}
	return nil
}

// Read fills b with flows that ended.
func (s *source) Read(ctx context.Context, b *flow.Batch) error {
	defer s.counters.publish()
	return s.reader.Read(ctx, b)
}

// Drain fills b with the flows that were under way when the run was told to stop.
func (s *source) Drain(ctx context.Context, b *flow.Batch) error {
	defer s.counters.publish()
	return s.reader.Drain(ctx, b)
}

// Close detaches from the interfaces, and lets go of all that the kernel holds.
func (s *source) Close(context.Context) error {
	defer s.counters.publish()
	return errors.Join(s.reader.Close(), s.namespace.Close())
}

// String returns the source's name.
func (s *source) String() string { return s.name }
