package spool_test

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink/spool"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDir) != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

var errDown = errors.New("the target is down")

// quick are pauses for tests.
var quick = spool.Backoff(pipeline.Backoff{First: time.Millisecond, Most: 5 * time.Millisecond})

// target is a sink that can be down, and notes the numbers of flows.
type target struct {
	mu   sync.Mutex
	down bool
	got  []uint64
}

func (t *target) String() string { return "target" }

func (t *target) set(down bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down = down
}

func (t *target) Write(_ context.Context, b *flow.Batch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return errDown
	}
	for fl := range b.All() {
		t.got = append(t.got, fl.Bytes)
	}
	return nil
}

func (t *target) numbers() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]uint64(nil), t.got...)
}

// numbered is a source of flows whose bytes are at to to-1, in batches of n.
type numbered struct {
	at, to uint64
	n      int
	hook   func() // before each batch; nil for none
	end    func() // before it ends; nil for none
}

func (s *numbered) Read(_ context.Context, b *flow.Batch) error {
	if s.at == s.to {
		if s.end != nil {
			s.end()
		}
		return io.EOF
	}
	if s.hook != nil {
		s.hook()
	}
	for i := 0; i < s.n && s.at < s.to && !b.Full(); i++ {
		b.Next().SetBytes(s.at)
		s.at++
	}
	return nil
}

// until waits for the target to have so many flows.
func (t *target) until(n int) func() {
	return func() {
		for len(t.numbers()) < n {
			time.Sleep(time.Millisecond)
		}
	}
}

// upTo returns the numbers below n.
func upTo(n uint64) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = uint64(i)
	}
	return list
}

// firsts returns numbers without those that came before.
func firsts(list []uint64) (once []uint64) {
	seen := map[uint64]bool{}
	for _, n := range list {
		if !seen[n] {
			seen[n] = true
			once = append(once, n)
		}
	}
	return once
}

func counter(t testing.TB, s pipeline.Stats, name string) int {
	t.Helper()
	for _, st := range s.Stages {
		if n, ok := st.Counters[name]; ok {
			return int(n)
		}
	}
	require.Fail(t, "no counter "+name)
	return 0
}

// soFar is counter of a pipeline that may not have opened the spool yet.
func soFar(p *pipeline.Pipeline, name string) (n int) {
	for _, st := range p.Stats().Stages {
		n += int(st.Counters[name])
	}
	return n
}
