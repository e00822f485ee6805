package sflow

import (
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Bounds on what is known of agents, since addresses can be made up.
const (
	maxAgents  = 1 << 16
	maxSources = 1 << 18
	forgetting = int64(time.Hour)   // how long an agent is known that sends nothing
	sweeping   = int64(time.Minute) // how often such are looked for
)

// agentKey tells agents apart. Each sub-agent numbers its own datagrams.
type agentKey struct {
	addr     flow.Addr
	subAgent uint32
}

// agent is what is known of a sub-agent.
type agent struct {
	key     agentKey
	rate    uint32 // by configuration; 0 for none
	seen    int64  // latest datagram [ns since the epoch]
	numbers numbers
	sources map[sourceKey]*source
	counts  AgentCounts
}

// sourceKey names a data source of an agent, and a kind of its samples: each is
// numbered by itself.
type sourceKey uint64

// keyOf returns the key of a data source by its class (0 interface, 1 VLAN, 2
// physical entity) and index.
func keyOf(k Kind, class, index uint32) sourceKey {
	return sourceKey(k)<<62 | sourceKey(class&(1<<30-1))<<32 | sourceKey(index)
}

// source is what is known of the samples of one kind of a data source.
type source struct{ next uint32 }

// agents are those that a decoder knows.
type agents struct {
	byKey   map[agentKey]*agent
	latest  *agent
	sources int // of all agents
	swept   int64
}

// find returns what is known of an agent; nil when it is new and there are too
// many.
func (s *agents) find(key agentKey, now int64) *agent {
	if a := s.latest; a != nil && a.key == key {
		a.seen = now
		return a
	}
	a := s.byKey[key]
	if a == nil {
		return nil
	}
	a.seen = now
	s.latest = a
	return a
}

// add begins to know an agent; nil when there are too many.
func (s *agents) add(key agentKey, rate uint32, now int64) *agent {
	if len(s.byKey) >= maxAgents {
		s.sweep(now)
		if len(s.byKey) >= maxAgents {
			return nil
		}
	}
	if s.byKey == nil {
		s.byKey = map[agentKey]*agent{}
	}
	a := &agent{key: key, rate: rate, seen: now}
	s.byKey[key], s.latest = a, a
	return a
}

// sweep forgets agents that have been silent.
func (s *agents) sweep(now int64) {
	if now-s.swept < sweeping {
		return
	}
	s.swept = now
	for key, a := range s.byKey {
		if now-a.seen > forgetting {
			s.forgetSources(a)
			delete(s.byKey, key)
		}
	}
	s.latest = nil
}

// source returns what is known of a data source; nil when it is new and there
// are too many.
func (s *agents) source(a *agent, key sourceKey) (known *source, fresh bool) {
	if known = a.sources[key]; known != nil {
		return known, false
	}
	if s.sources >= maxSources {
		return nil, true
	}
	if a.sources == nil {
		a.sources = map[sourceKey]*source{}
	}
	s.sources++
	known = new(source)
	a.sources[key] = known
	return known, true
}

func (s *agents) forgetSources(a *agent) {
	s.sources -= len(a.sources)
	a.sources = nil
}
