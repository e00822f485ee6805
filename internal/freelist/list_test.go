package freelist

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTakesWhatWasGivenBack(t *testing.T) {
	l := List[int]{New: func() *int { return new(int) }}
	a, b := l.Take(), l.Take()
	require.NotSame(t, a, b)
	l.Give(a)
	require.Same(t, a, l.Take())
}

func TestNobodySharesWhatIsTaken(t *testing.T) {
	var made atomic.Int32
	l := List[int]{New: func() *int { made.Add(1); return new(int) }}
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 1000 {
				x := l.Take()
				*x++ // the race detector watches
				l.Give(x)
			}
		})
	}
	work.Wait()
	require.LessOrEqual(t, made.Load(), int32(4))
	sum := 0
	for _, x := range l.free {
		sum += *x
	}
	require.Equal(t, 4000, sum)
}

func TestTakingAllocatesNothing(t *testing.T) {
	l := List[int]{New: func() *int { return new(int) }}
	require.Zero(t, testing.AllocsPerRun(100, func() { l.Give(l.Take()) }))
}
