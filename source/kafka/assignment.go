package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// assignment is the partitions that this member of the group has.
type assignment struct {
	mu     sync.Mutex
	topics map[string]map[int32]*partition
	wake   chan struct{} // closed when a span ends, if somebody waits
}

// add takes partitions in.
func (a *assignment) add(given map[string][]int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.topics == nil {
		a.topics = map[string]map[int32]*partition{}
	}
	for topic, numbers := range given {
		if a.topics[topic] == nil {
			a.topics[topic] = map[int32]*partition{}
		}
		for _, n := range numbers {
			a.topics[topic][n] = &partition{topic: topic, number: n}
		}
	}
}

// find returns a partition, nil if this member does not have it.
func (a *assignment) find(topic string, number int32) *partition {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.topics[topic][number]
}

// take forgets partitions, and returns them: no span of them is opened any more.
func (a *assignment) take(from map[string][]int32) (taken []*partition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for topic, numbers := range from {
		for _, n := range numbers {
			if p := a.topics[topic][n]; p != nil {
				p.gone = true
				taken = append(taken, p)
				delete(a.topics[topic], n)
			}
		}
	}
	return taken
}

// open begins a span of a partition, and reports whether it is still there.
func (a *assignment) open(p *partition) (number uint64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.gone {
		return 0, false
	}
	return p.open(), true
}

// extend moves the end of a span.
func (a *assignment) extend(p *partition, number uint64, next kgo.EpochOffset) {
	a.mu.Lock()
	p.at(number).next = next
	a.mu.Unlock()
}

// hold has one more deliver a span.
func (a *assignment) hold(p *partition, number uint64) {
	a.mu.Lock()
	p.at(number).left++
	a.mu.Unlock()
}

// done ends spans: see partition.done.
func (a *assignment) done(parts []part, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range parts {
		p.of.done(p.span, err)
	}
	if a.wake != nil {
		close(a.wake)
		a.wake = nil
	}
}

// drain waits until every span of partitions has ended, and reports whether that
// was within d.
func (a *assignment) drain(ctx context.Context, of []*partition, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		a.mu.Lock()
		left := 0
		for _, p := range of {
			left += p.inflight
		}
		if left == 0 {
			a.mu.Unlock()
			return true
		}
		if a.wake == nil {
			a.wake = make(chan struct{})
		}
		wake := a.wake
		a.mu.Unlock()
		select {
		case <-wake:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// all returns every partition.
func (a *assignment) all() (all []*partition) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, numbers := range a.topics {
		for _, p := range numbers {
			all = append(all, p)
		}
	}
	return all
}

// offsets returns what is to be committed of partitions, which counts as committed
// from now on.
func (a *assignment) offsets(of []*partition) map[string]map[int32]kgo.EpochOffset {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out map[string]map[int32]kgo.EpochOffset
	for _, p := range of {
		if !p.dirty {
			continue
		}
		p.dirty = false
		if out == nil {
			out = map[string]map[int32]kgo.EpochOffset{}
		}
		if out[p.topic] == nil {
			out[p.topic] = map[int32]kgo.EpochOffset{}
		}
		out[p.topic][p.number] = p.next
	}
	return out
}

// again takes back that offsets are committed.
func (a *assignment) again(of []*partition, failed map[string]map[int32]kgo.EpochOffset) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range of {
		if _, ok := failed[p.topic][p.number]; ok {
			p.dirty = true
		}
	}
}
