package kafka

import (
	"context"
	"errors"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Headers of a dead letter.
const (
	headerTopic     = "pipeline.topic"
	headerPartition = "pipeline.partition"
	headerOffset    = "pipeline.offset"
	headerError     = "pipeline.error"
)

// maxLetters is how many dead letters are on their way at the most.
const maxLetters = 1024

// badRecord does with a record that cannot be read what it was told to.
func (s *consumer) badRecord(ctx context.Context, p *partition, span uint64, rec *kgo.Record, cause error) error {
	if s.bad == refuseBad {
		return cause
	}
	s.meters.bad.Add(1)
	if s.bad == skipBad {
		return nil
	}
	if s.client.BufferedProduceRecords() >= maxLetters {
		if err := s.client.Flush(ctx); err != nil {
			return err
		}
	}
	letter := &kgo.Record{Topic: s.dead, Key: rec.Key, Value: rec.Value, Timestamp: rec.Timestamp}
	letter.Headers = append(append([]kgo.RecordHeader(nil), rec.Headers...),
		kgo.RecordHeader{Key: headerTopic, Value: []byte(rec.Topic)},
		kgo.RecordHeader{Key: headerPartition, Value: strconv.AppendInt(nil, int64(rec.Partition), 10)},
		kgo.RecordHeader{Key: headerOffset, Value: strconv.AppendInt(nil, rec.Offset, 10)},
		kgo.RecordHeader{Key: headerError, Value: []byte(cause.Error())},
	)
	s.given.hold(p, span)
	s.client.Produce(context.Background(), letter, func(_ *kgo.Record, err error) {
		if err == nil {
			s.meters.dead.Add(1)
		} else {
			s.fail(errors.Join(cause, err))
		}
		s.given.done([]part{{p, span}}, err)
	})
	return nil
}

// fail ends the run at the next Read.
func (s *consumer) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *consumer) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// fetchError returns an error of the client that must end the run, and counts and
// logs the others.
func (s *consumer) fetchError(f kgo.FetchTopicPartition) error {
	var lost *kgo.ErrDataLoss
	var group *kgo.ErrGroupSession
	var code *kerr.Error
	switch {
	case errors.As(f.Err, &lost):
		s.meters.dataLoss.Add(1)
		s.commit.log.Warn("records are gone before they were read", "topic", lost.Topic, "partition", lost.Partition,
			"expected", lost.ConsumedTo, "next", lost.ResetTo)
		return nil
	case forbidden(f.Err):
		return f.Err
	case errors.As(f.Err, &group), errors.As(f.Err, &code) && code.Retriable, kgo.IsRetryableBrokerErr(f.Err):
		s.meters.groupErrors.Add(1)
		s.commit.log.Warn("consuming is interrupted", "error", f.Err)
		return nil
	}
	return f.Err
}

// forbidden reports whether trying again is in vain.
func forbidden(err error) bool {
	for _, e := range []error{
		kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState,
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed,
		kerr.InvalidGroupID, kerr.InvalidTopicException,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
