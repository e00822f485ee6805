// Package freelist hands out memory that one goroutine at a time uses, such as the
// cache of a stage that works on several lanes at once.
package freelist

import "sync"

// List keeps what is not in use. There is never more of it than was in use at
// once. The methods may be called concurrently.
type List[T any] struct {
	// New makes another when none is free.
	New func() *T

	mu   sync.Mutex
	free []*T
}

// Take returns one for the caller alone, the one given back last if there is one.
func (l *List[T]) Take() *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.free)
	if n == 0 {
		return l.New()
	}
	x := l.free[n-1]
	l.free = l.free[:n-1]
	return x
}

// Give takes one back.
func (l *List[T]) Give(x *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, x)
}
