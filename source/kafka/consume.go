package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// Topic is a source of the flows in the records of a topic.
func Topic(name string, opts ...Option) pipeline.Source {
	return newSource([]string{name}, false, opts)
}

// Topics is a source of the flows in several topics.
func Topics(names []string, opts ...Option) pipeline.Source { return newSource(names, false, opts) }

// Pattern is a source of the flows in all topics whose names match a regular
// expression, also those that are created later.
func Pattern(expr string, opts ...Option) pipeline.Source {
	return newSource([]string{expr}, true, opts)
}

func newSource(topics []string, pattern bool, opts []Option) pipeline.Source {
	return pipeline.NewSource("kafka("+strings.Join(topics, ",")+")", func() (pipeline.Source, error) {
		c, err := newConfig(topics, pattern, opts)
		if err != nil {
			return nil, err
		}
		return &consumer{config: c}, nil
	})
}

const (
	// maxFill is how many bytes of records go into one batch at the most, give or
	// take a flow: texts are kept in the batch, so that bounds its memory.
	maxFill = 4 << 20
	// maxPoll is how many records are taken from the client at a time.
	maxPoll = 4096
)

// consumer is the source.
type consumer struct {
	*config
	client *kgo.Client
	cut    context.CancelFunc // ends what the client does
	meters meters
	dec    decoder
	commit committer

	given assignment
	polls sync.Mutex // held while records are taken, until their partitions are known

	chunks []chunk // taken, and not read yet
	at     int     // bytes read of the first record
	spare  sync.Pool
	last   struct{ unknown, refused uint64 }

	mu     sync.Mutex
	failed error // of a dead letter
}

// chunk is records of one partition.
type chunk struct {
	of      *partition
	records []*kgo.Record
}

type meters struct {
	records, bytes, bad, dead, unknown, refused         *pipeline.Counter
	commits, commitErrors, groupErrors, dataLoss, moved *pipeline.Counter
	undrained                                           *pipeline.Counter
}

// Extensions declares where unknown members are kept.
func (s *consumer) Extensions() []flow.Extender {
	if s.keepUnknown {
		return []flow.Extender{codec.Unknown}
	}
	return nil
}

// Open implements pipeline.Opener.
func (s *consumer) Open(_ context.Context, env pipeline.Env) error {
	s.meters = meters{
		records: env.Counter("records"), bytes: env.Counter("bytes"), bad: env.Counter("bad"),
		dead: env.Counter("dead_letters"), unknown: env.Counter("unknown"), refused: env.Counter("refused"),
		commits: env.Counter("commits"), commitErrors: env.Counter("commit_errors"),
		groupErrors: env.Counter("group_errors"), dataLoss: env.Counter("data_loss"),
		moved: env.Counter("partitions_revoked"), undrained: env.Counter("revoke_timeouts"),
	}
	quota := env.Symbols.Quota(s.symbols)
	s.dec = decoder{codec.NewProtoDecoder(quota), codec.NewJSONDecoder(quota, env.Layout, s.keepUnknown)}
	s.commit = committer{source: s, log: env.Logger, ended: make(chan struct{})}
	life, cut := context.WithCancel(context.Background())
	cl, err := kgo.NewClient(append(append(s.Options(env.Logger), s.consuming()...),
		kgo.WithContext(life),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, m map[string][]int32) { s.given.add(m) }),
		kgo.OnPartitionsRevoked(s.revoked),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, m map[string][]int32) { s.take(m) }),
	)...)
	if err != nil {
		cut()
		return err
	}
	s.client, s.cut = cl, cut
	s.commit.start()
	return nil
}

// Read implements pipeline.Source.
func (s *consumer) Read(ctx context.Context, b *flow.Batch) error {
	if err := s.failure(); err != nil {
		return err
	}
	if len(s.chunks) == 0 {
		if err := s.poll(ctx, b); err != nil {
			return err
		}
	}
	r := s.begin(b)
	defer s.count()
	for filled := 0; len(s.chunks) > 0 && !b.Full() && filled < maxFill; {
		n, err := s.read(ctx, r, b, maxFill-filled)
		if err != nil {
			return err
		}
		filled += n
	}
	return nil
}

// poll takes records from the client, until the batch's deadline.
func (s *consumer) poll(ctx context.Context, b *flow.Batch) error {
	until, cancel := context.WithDeadline(ctx, b.Deadline())
	defer cancel()
	s.polls.Lock()
	defer s.polls.Unlock()
	fetches := s.client.PollRecords(until, maxPoll)
	s.chunks, s.at = s.chunks[:0], 0
	var errs []error
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		if f.Err != nil && until.Err() == nil {
			errs = append(errs, s.fetchError(f))
		}
		if len(f.Records) == 0 {
			return
		}
		// Records of a partition that was taken away are another member's.
		if p := s.given.find(f.Topic, f.Partition); p != nil {
			s.chunks = append(s.chunks, chunk{p, f.Records})
		}
	})
	if err := ctx.Err(); err != nil && len(s.chunks) == 0 {
		return err
	}
	return errors.Join(errs...)
}

// read decodes records of the first chunk, and drops the chunk when it is done. It
// returns how many bytes that took.
func (s *consumer) read(ctx context.Context, r *reading, b *flow.Batch, most int) (filled int, err error) {
	c := &s.chunks[0]
	span, ok := s.given.open(c.of)
	if !ok {
		s.drop()
		return 0, nil
	}
	r.parts = append(r.parts, part{c.of, span})
	var end *kgo.Record // the last that was read whole
	for len(c.records) > 0 && !b.Full() && filled < most && err == nil {
		rec := c.records[0]
		var n int
		n, err = s.flow(c.of, rec, b)
		if err != nil {
			err = s.badRecord(ctx, c.of, span, rec, fmt.Errorf("topic %s, partition %d, offset %d: byte %d: %w", rec.Topic, rec.Partition, rec.Offset, s.at, err))
			n = len(rec.Value) - s.at
		}
		filled += n
		if s.at += n; s.at < len(rec.Value) || err != nil {
			continue
		}
		s.meters.records.Add(1)
		s.meters.bytes.Add(uint64(len(rec.Value)))
		end, c.records, s.at = rec, c.records[1:], 0
	}
	if end != nil {
		s.given.extend(c.of, span, kgo.EpochOffset{Epoch: end.LeaderEpoch, Offset: end.Offset + 1})
	}
	if len(c.records) == 0 {
		s.drop()
	}
	return filled, err
}

func (s *consumer) drop() { s.chunks, s.at = s.chunks[1:], 0 }

// flow decodes the next flow of a record, and returns how many bytes it took.
func (s *consumer) flow(p *partition, rec *kgo.Record, b *flow.Batch) (int, error) {
	if len(rec.Value) == 0 {
		return 0, errEmpty
	}
	f := s.format
	if f == unknownFormat {
		if p.format == unknownFormat {
			p.format = detect(rec.Value)
		}
		f = p.format
	}
	n, err := s.dec.next(f, rec.Value[s.at:], b)
	if err == nil || s.format != unknownFormat || s.at > 0 {
		return n, err
	}
	// Perhaps records are written otherwise from here on.
	now := detect(rec.Value)
	if now == f || now == unknownFormat {
		return n, err
	}
	if n, again := s.dec.next(now, rec.Value, b); again == nil {
		p.format = now
		return n, nil
	}
	return n, err
}

// count brings the decoders' counts to the stage's counters.
func (s *consumer) count() {
	unknown := s.dec.proto.Unknown() + s.dec.json.Unknown()
	refused := s.dec.proto.Refused() // the quota is both's
	s.meters.unknown.Add(unknown - s.last.unknown)
	s.meters.refused.Add(refused - s.last.refused)
	s.last.unknown, s.last.refused = unknown, refused
}

// Settle implements pipeline.Settler: it commits what was delivered, and leaves the
// group.
func (s *consumer) Settle(ctx context.Context) error {
	s.commit.stop()
	err := s.client.Flush(ctx) // dead letters
	if err != nil {
		err = fmt.Errorf("dead letters are not delivered: %w", err)
	}
	err = errors.Join(err, s.commit.run(ctx, s.given.all()))
	if left := s.client.LeaveGroupContext(ctx); left != nil {
		err = errors.Join(err, fmt.Errorf("leave the group: %w", left))
		s.cut() // closing does not wait for brokers either
	}
	s.client.Close()
	s.cut()
	return err
}
