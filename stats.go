package pipeline

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a pipeline's counters. While the pipeline runs the
// numbers of different stages are not of the same instant; after Run they are
// final.
type Stats struct {
	Stages         []StageStats // in the order of the flow
	Lanes          int          // that sources are read on
	Symbols        int
	SymbolsRefused uint64
	Unfinished     int64 // batches whose completion is still open
}

// StageStats are the counters of one stage. Where nothing is under way
//
//	In + Emitted = Out + Filtered + Absorbed + Dropped
type StageStats struct {
	Name string
	Kind string // source, filter, transform, branch, arm, tee, repartition or sink
	// Parent is the index of the stage that wraps this one, and -1 if none does.
	Parent int
	// Serialised says that a lock lets only one lane at a time into the stage.
	Serialised bool

	Batches  uint64
	In       uint64 // flows that reached the stage; those that a source read
	Emitted  uint64 // flows that the stage made by itself, copies of a tee among them
	Out      uint64 // flows that left it; those that a sink delivered
	Filtered uint64 // flows taken out on purpose
	Absorbed uint64 // flows that an aggregator took in
	Dropped  uint64 // flows lost: errors, full queues, the drain timeout
	Errors   uint64
	Retries  uint64
	Queued   int           // batches that wait in a queue
	Busy     time.Duration // time spent in the stage, the stages it wraps included

	Counters map[string]uint64 // what the stage counts itself
}

// Totals add up a pipeline. After a run
//
//	In + Emitted = Delivered + Filtered + Absorbed + Dropped
type Totals struct {
	In, Emitted, Delivered, Filtered, Absorbed, Dropped uint64
}

// Stage returns the first stage of that name.
func (s Stats) Stage(name string) (StageStats, bool) {
	for _, st := range s.Stages {
		if st.Name == name {
			return st, true
		}
	}
	return StageStats{}, false
}

// Total adds up the stages.
func (s Stats) Total() Totals {
	var t Totals
	for _, st := range s.Stages {
		if st.Parent >= 0 {
			continue
		}
		if st.Kind == kindSource {
			t.In += st.In
		}
		t.Emitted += st.Emitted
		t.Filtered += st.Filtered
		t.Absorbed += st.Absorbed
		t.Dropped += st.Dropped
		if st.Kind == kindSink {
			t.Delivered += st.Out
		}
	}
	return t
}

// Check returns an error for every balance that does not hold. It means
// something only after a run.
func (s Stats) Check() error {
	for _, st := range s.Stages {
		if in, out := st.In+st.Emitted, st.Out+st.Filtered+st.Absorbed+st.Dropped; in != out {
			return fmt.Errorf("%s %s: %d flows in and emitted, %d accounted for", st.Kind, st.Name, in, out)
		}
	}
	t := s.Total()
	if in, out := t.In+t.Emitted, t.Delivered+t.Filtered+t.Absorbed+t.Dropped; in != out {
		return fmt.Errorf("pipeline: %d flows in and emitted, %d accounted for", in, out)
	}
	if s.Unfinished != 0 {
		return fmt.Errorf("pipeline: %d batches were never finished", s.Unfinished)
	}
	return nil
}

// The kinds of stages.
const (
	kindSource      = "source"
	kindFilter      = "filter"
	kindTransform   = "transform"
	kindBranch      = "branch"
	kindArm         = "arm"
	kindTee         = "tee"
	kindRepartition = "repartition"
	kindSink        = "sink"
)

// meter counts what one stage does. All lanes share it.
type meter struct {
	batches, in, emitted, out, filtered, absorbed, dropped, errors, retries, busy atomic.Uint64
	queued                                                                        func() int
}

// balance counts what is still in the stage as dropped, and returns how many flows
// that are. It is for stages that did not come back.
func (m *meter) balance() int {
	in := m.in.Load() + m.emitted.Load()
	out := m.out.Load() + m.filtered.Load() + m.absorbed.Load() + m.dropped.Load()
	if in <= out {
		return 0
	}
	m.dropped.Add(in - out)
	return int(in - out)
}

func (n *node) snapshot() StageStats {
	m := &n.meter
	s := StageStats{
		Name: n.name, Kind: n.kind, Parent: -1, Serialised: n.serialised,
		Batches: m.batches.Load(), In: m.in.Load(), Emitted: m.emitted.Load(), Out: uint64(max(int64(m.out.Load()), 0)),
		Filtered: m.filtered.Load(), Absorbed: m.absorbed.Load(), Dropped: m.dropped.Load(),
		Errors: m.errors.Load(), Retries: m.retries.Load(), Busy: time.Duration(m.busy.Load()),
		Counters: n.counters.snapshot(),
	}
	if m.queued != nil {
		s.Queued = m.queued()
	}
	if n.parent != nil {
		s.Parent = n.parent.index
	}
	return s
}
