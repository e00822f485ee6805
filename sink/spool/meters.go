package spool

import (
	"sync"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/diskqueue"
)

// meters are the counters of a spool.
type meters struct {
	delivered, replayed, dropped, refused          *pipeline.Counter
	unknown, symbols, targetErrors, readErrors     *pipeline.Counter
	bytes, flows, oldest                           *pipeline.Counter
	torn, corruptBytes, corruptFlows, corruptParts *pipeline.Counter
	setAside, writeErrors                          *pipeline.Counter

	mu   sync.Mutex
	told diskqueue.Stats // that the counters show
}

func (m *meters) open(env pipeline.Env) {
	m.delivered, m.replayed = env.Counter("delivered_flows"), env.Counter("replayed_flows")
	m.dropped, m.refused = env.Counter("dropped_flows"), env.Counter("refused_flows")
	m.unknown, m.symbols = env.Counter("unknown_values"), env.Counter("symbols_refused")
	m.targetErrors, m.readErrors = env.Counter("target_errors"), env.Counter("read_errors")
	m.bytes, m.flows, m.oldest = env.Counter("spooled_bytes"), env.Counter("spooled_flows"), env.Counter("oldest_unix_seconds")
	m.torn, m.setAside, m.writeErrors = env.Counter("torn_bytes"), env.Counter("segments_set_aside"), env.Counter("write_errors")
	m.corruptBytes, m.corruptFlows, m.corruptParts = env.Counter("corrupt_bytes"), env.Counter("corrupt_flows"), env.Counter("corrupt_records")
}

// publish has the counters show a queue's figures, and returns those.
func (m *meters) publish(s diskqueue.Stats) diskqueue.Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.told
	// A counter adds without a sign, so that one which falls wraps around to the
	// right number.
	m.bytes.Add(uint64(s.Bytes - was.Bytes))
	m.flows.Add(uint64(s.Flows - was.Flows))
	m.oldest.Add(uint64(s.Oldest/int64(time.Second) - was.Oldest/int64(time.Second)))
	m.torn.Add(s.TornBytes - was.TornBytes)
	m.corruptBytes.Add(s.CorruptBytes - was.CorruptBytes)
	m.corruptFlows.Add(s.CorruptFlows - was.CorruptFlows)
	m.corruptParts.Add(s.CorruptRecords - was.CorruptRecords)
	m.setAside.Add(s.SetAside - was.SetAside)
	m.writeErrors.Add(s.WriteErrors - was.WriteErrors)
	m.told = s
	return s
}
