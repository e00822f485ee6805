package pipeline

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Option changes how a plan is built.
type Option func(*settings) error

// Defaults of the options.
const (
	DefaultBatchSize    = 512
	DefaultDrainTimeout = 30 * time.Second
	// DefaultLatency bounds how long a source waits before the pipeline looks
	// at the clock again.
	DefaultLatency = 100 * time.Millisecond
)

type settings struct {
	lanes      int
	batchSize  int
	drain      time.Duration
	latency    time.Duration
	clock      Clock
	logger     *slog.Logger
	observer   Observer
	symbols    *flow.Symbols
	extensions []flow.Extender
	poison     bool
}

func defaults() settings {
	return settings{
		lanes:     1,
		batchSize: DefaultBatchSize,
		drain:     DefaultDrainTimeout,
		latency:   DefaultLatency,
		logger:    slog.New(slog.DiscardHandler),
	}
}

// WithLanes reads every source that can be split on n lanes. Default 1.
func WithLanes(n int) Option {
	return func(s *settings) error {
		s.lanes = n
		return atLeast("WithLanes", n, 1)
	}
}

// WithBatchSize sets how many flows a batch holds, 1 to flow.MaxBatch. Default
// DefaultBatchSize.
func WithBatchSize(n int) Option {
	return func(s *settings) error {
		s.batchSize = n
		if n > flow.MaxBatch {
			return fmt.Errorf("WithBatchSize: %d is more than %d", n, flow.MaxBatch)
		}
		return atLeast("WithBatchSize", n, 1)
	}
}

// WithDrainTimeout bounds how long a run goes on after its context ended or a
// stage failed, so that what was read is still delivered. Default
// DefaultDrainTimeout. A run that ends because the sources do takes its time.
func WithDrainTimeout(d time.Duration) Option {
	return func(s *settings) error {
		s.drain = d
		return atLeast("WithDrainTimeout", d, 0)
	}
}

// WithLatency sets how long a source may wait for its first flow before ticks
// are looked at. Default DefaultLatency.
func WithLatency(d time.Duration) Option {
	return func(s *settings) error {
		s.latency = d
		return atLeast("WithLatency", d, time.Microsecond)
	}
}

// WithClock sets the pipeline's clock. The default is EventClock when every
// source replays a recording, else WallClock.
func WithClock(c Clock) Option {
	return func(s *settings) error {
		s.clock = c
		if c == nil {
			return fmt.Errorf("WithClock: no clock")
		}
		return nil
	}
}

// WithLogger has the pipeline and its stages log to l. The default is silence.
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) error {
		s.logger = l
		if l == nil {
			return fmt.Errorf("WithLogger: no logger")
		}
		return nil
	}
}

// WithObserver has o told what happens.
func WithObserver(o Observer) Option {
	return func(s *settings) error {
		s.observer = o
		return nil
	}
}

// WithSymbols has the pipeline use a table of the caller's, so that flows can be
// kept beyond it or move between pipelines. The default is a new table.
func WithSymbols(t *flow.Symbols) Option {
	return func(s *settings) error {
		s.symbols = t
		return nil
	}
}

// WithExtensions declares fields beyond the schema. Stages that are Extended
// declare their own.
func WithExtensions(e ...flow.Extender) Option {
	return func(s *settings) error {
		s.extensions = append(s.extensions, e...)
		return nil
	}
}

// WithPoison overwrites the flows of every batch that is no longer in use, so
// that a stage that still reads one shows itself. It is for tests.
func WithPoison() Option {
	return func(s *settings) error {
		s.poison = true
		return nil
	}
}

func atLeast[T int | time.Duration](name string, v, least T) error {
	if v < least {
		return fmt.Errorf("%s: %v is less than %v", name, v, least)
	}
	return nil
}
