package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Topic is a sink that produces flows to a topic, a record each. In its name
// {field} stands for the flow's value of a field of the schema or an extension, as
// in "customer-{cid}"; "none" takes the place of an absent one, and an underscore
// that of each byte that no topic's name may have. At most 4096 topics are named
// so; flows beyond them fail.
//
// Brokers need not be there when the pipeline opens. Several lanes may write at
// once.
func Topic(name string, opts ...Option) pipeline.Sink {
	return pipeline.NewSink("kafka("+name+")", func() (pipeline.Sink, error) {
		c, err := newConfig(name, opts)
		if err != nil {
			return nil, err
		}
		s := &producer{config: c}
		first, err := s.newParcel()
		if err != nil {
			return nil, err
		}
		s.idle = append(s.idle, first)
		return s, nil
	})
}

// producer is the sink.
type producer struct {
	*config
	client  *kgo.Client
	cut     context.CancelFunc // ends what the client does, if it is our own
	layout  *flow.Layout
	records *pipeline.Counter
	bytes   *pipeline.Counter

	mu      sync.Mutex
	idle    []*parcel
	pending sync.WaitGroup // parcels on their way
}

// Concurrent implements pipeline.Concurrent.
func (s *producer) Concurrent() bool { return true }

// Bind implements pipeline.Binder.
func (s *producer) Bind(l *flow.Layout) error {
	s.layout = l
	return s.idle[0].Bind(l)
}

// Open implements pipeline.Opener.
func (s *producer) Open(_ context.Context, env pipeline.Env) error {
	s.records, s.bytes = env.Counter("records"), env.Counter("bytes")
	if s.client = s.Client; s.client != nil {
		return nil
	}
	life, cut := context.WithCancel(context.Background())
	cl, err := kgo.NewClient(append(append(s.Options(env.Logger), s.producing()...), kgo.WithContext(life))...)
	if err != nil {
		cut()
		return err
	}
	s.client, s.cut = cl, cut
	return nil
}

// Write implements pipeline.Sink.
func (s *producer) Write(ctx context.Context, b *flow.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	p, err := s.take()
	if err != nil {
		return err
	}
	p.pack(b)
	p.release = b.Hold()
	p.left.Store(int32(len(p.records)))
	if len(p.records) == 0 {
		p.finish()
		return nil
	}
	for i := range p.records {
		s.client.Produce(ctx, &p.records[i], p.promise)
	}
	return nil
}

// take returns a parcel that is not on its way.
func (s *producer) take() (*parcel, error) {
	s.pending.Add(1)
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		p := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return p, nil
	}
	s.mu.Unlock()
	p, err := s.newParcel()
	if err == nil {
		err = p.Bind(s.layout)
	}
	if err != nil {
		s.pending.Done()
	}
	return p, err
}

func (s *producer) put(p *parcel) {
	s.mu.Lock()
	s.idle = append(s.idle, p)
	s.mu.Unlock()
	s.pending.Done()
}

// Close implements pipeline.Closer: it waits until what was written is delivered.
func (s *producer) Close(ctx context.Context) error {
	err := s.client.Flush(ctx)
	if err != nil {
		err = fmt.Errorf("%d records are not delivered: %w", s.client.BufferedProduceRecords(), errors.Join(context.Cause(ctx), err))
	}
	switch {
	case s.Client == nil:
		if err != nil {
			s.cut() // closing does not wait for brokers either
		}
		s.client.Close() // fails what is left
		s.cut()
	case err != nil:
		return err // the caller's client has it
	}
	s.pending.Wait()
	return err
}

// topicError says where a record did not get to.
func topicError(r *kgo.Record, err error) error { return fmt.Errorf("topic %s: %w", r.Topic, err) }
