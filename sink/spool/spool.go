package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/diskqueue"
)

// To is a sink that keeps flows in files of a directory until s has delivered them.
// s cannot be a sink that only a plan can hold, such as pipeline.Retry. Lanes write at
// the same time.
func To(s pipeline.Sink, dir string, opts ...Option) pipeline.Sink {
	return pipeline.NewSink(fmt.Sprintf("spool(%s)", dir), func() (pipeline.Sink, error) {
		c, bad := newConfig(dir, opts)
		first, err := pipeline.MakeSink(s)
		if err := errors.Join(bad, err); err != nil {
			return nil, err
		}
		return &spooled{config: c, target: target{spec: s, sink: first}}, nil
	})
}

const (
	recordFlows = 512         // at most in one record
	fullPause   = time.Second // after which a full disk is tried again
)

// spooled is the sink.
type spooled struct {
	config
	target target
	queue  *diskqueue.Queue
	meters meters
	log    *slog.Logger
	pens   sync.Pool
	full   atomic.Bool // the latest write found no room

	sender  *sender
	closing chan struct{}
	stop    context.CancelFunc // of the goroutines
	work    sync.WaitGroup
}

// pen is an encoder and the memory of what it wrote last.
type pen struct {
	encoder *encoder
	buf     []byte
}

// Concurrent implements pipeline.Concurrent.
func (s *spooled) Concurrent() bool { return true }

// Extensions implements pipeline.Extended.
func (s *spooled) Extensions() []flow.Extender { return s.target.extensions() }

// Bind implements pipeline.Binder.
func (s *spooled) Bind(l *flow.Layout) error { return s.target.bind(l) }

// Open implements pipeline.Opener.
func (s *spooled) Open(ctx context.Context, env pipeline.Env) error {
	queue, err := diskqueue.Open(diskqueue.Config{
		Dir: s.dir, MaxBytes: s.maxBytes, SegmentBytes: s.segment,
		SyncEach: s.sync == 0 && !s.noSync, NoSync: s.noSync,
	})
	if err != nil {
		return err
	}
	s.queue, s.log, s.closing = queue, env.Logger, make(chan struct{})
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.meters.open(env)
	s.pens.New = func() any { return &pen{encoder: newEncoder()} }
	if left := s.meters.publish(queue.Stats()).Flows; left > 0 {
		s.log.Info("flows of earlier runs wait", "flows", left, "dir", s.dir)
	}
	s.target.env = env
	s.sender = newSender(s, env)
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.work.Go(func() { s.sender.run(ctx) })
	if s.sync > 0 && !s.noSync {
		s.work.Go(func() { s.syncEvery(ctx, s.sync) })
	}
	return nil
}

// syncEvery synchronises until ctx ends; the last time is that of the queue's Close.
func (s *spooled) syncEvery(ctx context.Context, d time.Duration) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := s.queue.Sync(); err != nil {
				s.log.Error("cannot synchronise", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Write implements pipeline.Sink.
func (s *spooled) Write(ctx context.Context, b *flow.Batch) error {
	p := s.pens.Get().(*pen)
	defer s.pens.Put(p)
	_, rows := b.Raw()
	for len(rows) > 0 {
		n := min(len(rows), recordFlows)
		if err := s.put(ctx, p, b, rows[:n]); err != nil {
			return &flow.PartialError{Rows: slices.Clone(rows), Err: err}
		}
		rows = rows[n:]
	}
	s.meters.publish(s.queue.Stats())
	return nil
}

// put writes a record of some rows, or waits or drops something if there is no room.
func (s *spooled) put(ctx context.Context, p *pen, b *flow.Batch, rows []uint16) error {
	p.buf = append(p.buf[:0], make([]byte, diskqueue.RecordHeader)...)
	p.buf = p.encoder.append(p.buf, b, rows)
	for {
		room := s.queue.Room()
		err := s.queue.Append(p.buf, len(rows), time.Now().UnixNano())
		switch {
		case err == nil:
			if s.full.Swap(false) {
				s.log.Info("there is room again", "dir", s.dir)
			}
			return nil
		case errors.Is(err, diskqueue.ErrTooLarge):
			return err
		case !s.full.Swap(true):
			s.log.Error("no room for flows", "error", err, "dir", s.dir, "policy", s.overflow.String())
		}
		if s.overflow == pipeline.DropOldest && errors.Is(err, diskqueue.ErrFull) {
			if n, ok := s.queue.DropOldest(); ok {
				s.meters.dropped.Add(uint64(n))
				continue
			}
		}
		if s.overflow != pipeline.Block {
			s.meters.dropped.Add(uint64(len(rows)))
			return nil
		}
		s.meters.publish(s.queue.Stats())
		if wait(ctx, fullPause, room) != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// wait waits for a time, or less if something happens before.
func wait(ctx context.Context, d time.Duration, happens <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-happens:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// Close implements pipeline.Closer.
func (s *spooled) Close(ctx context.Context) error {
	close(s.closing)
	select {
	case <-s.sender.ended:
	case <-ctx.Done():
	}
	s.stop()
	s.work.Wait()
	left := s.meters.publish(s.queue.Stats())
	if left.Flows > 0 {
		s.log.Warn("flows wait for the next run", "flows", left.Flows, "dir", s.dir)
	}
	return errors.Join(s.sender.err, s.queue.Close())
}
