package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Limit lets at most n flows pass in each period of the pipeline's clock. Those
// that it holds back are counted as filtered in the stage's statistics.
func Limit(n int, period time.Duration) pipeline.Transform {
	return pipeline.NewTransform("limit", func() (pipeline.Transform, error) {
		if n < 1 || period <= 0 {
			return nil, fmt.Errorf("%d in %v makes no sense", n, period)
		}
		return &limit{most: n, period: int64(period)}, nil
	})
}

type limit struct {
	most   int
	period int64
	number int64 // of the period
	passed int   // in it
}

// ReadsOnly implements pipeline.ReadOnly.
func (l *limit) ReadsOnly() bool { return true }

// Process implements pipeline.Transform.
func (l *limit) Process(_ context.Context, b *flow.Batch) error {
	if number := b.Now() / l.period; number != l.number {
		l.number, l.passed = number, 0
	}
	b.Keep(func(*flow.Flow) bool {
		l.passed++
		return l.passed <= l.most
	})
	return nil
}
