package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// committer commits the offsets of what was delivered, from time to time.
type committer struct {
	source *consumer
	log    *slog.Logger
	end    context.CancelFunc
	ended  chan struct{}
}

func (c *committer) start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.end = cancel
	go func() {
		defer close(c.ended)
		tick := time.NewTicker(c.source.every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := c.run(ctx, c.source.given.all()); err != nil && ctx.Err() == nil {
				c.log.Warn("offsets are not committed, and will be with the next ones", "error", err)
			}
		}
	}()
}

func (c *committer) stop() {
	c.end()
	<-c.ended
}

// run commits the offsets of partitions. Those that could not be committed are
// committed with the next ones.
func (c *committer) run(ctx context.Context, of []*partition) error {
	s := c.source
	offsets := s.given.offsets(of)
	if offsets == nil {
		return nil
	}
	var failed error
	s.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if failed = err; err == nil {
			failed = refusedOffsets(resp)
		}
	})
	if failed != nil {
		s.given.again(of, offsets)
		s.meters.commitErrors.Add(1)
		return fmt.Errorf("commit: %w", failed)
	}
	s.meters.commits.Add(1)
	return nil
}

// refusedOffsets returns why brokers refused offsets.
func refusedOffsets(resp *kmsg.OffsetCommitResponse) error {
	var errs []error
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				errs = append(errs, fmt.Errorf("topic %s, partition %d: %w", t.Topic, p.Partition, err))
			}
		}
	}
	return errors.Join(errs...)
}

// take gives up partitions. A poll that is under way may bring records of them, so
// it waits for its end: none can come later.
func (s *consumer) take(from map[string][]int32) []*partition {
	s.polls.Lock()
	defer s.polls.Unlock()
	return s.given.take(from)
}

// revoked is called when partitions go to another member, which waits until it
// returns: what was read of them is delivered and committed first.
func (s *consumer) revoked(ctx context.Context, _ *kgo.Client, from map[string][]int32) {
	taken := s.take(from)
	s.meters.moved.Add(uint64(len(taken)))
	if !s.commit.over() && !s.given.drain(ctx, taken, s.drain) {
		s.meters.undrained.Add(1)
		s.commit.log.Warn("partitions go to another member before their flows are delivered", "partitions", from)
	}
	commit, cancel := context.WithTimeout(ctx, s.drain)
	defer cancel()
	if err := s.commit.run(commit, taken); err != nil {
		s.commit.log.Warn("offsets are not committed: flows will be read again", "error", err)
	}
}

// over reports whether the source has ended.
func (c *committer) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}
