package pipeline

import "sync"

// counterSet holds the counters that a stage named itself.
type counterSet struct {
	mu     sync.Mutex
	byName map[string]*Counter
}

func (s *counterSet) get(name string) *Counter {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byName[name]
	if c == nil {
		if s.byName == nil {
			s.byName = map[string]*Counter{}
		}
		c = new(Counter)
		s.byName[name] = c
	}
	return c
}

func (s *counterSet) snapshot() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byName) == 0 {
		return nil
	}
	m := make(map[string]uint64, len(s.byName))
	for name, c := range s.byName {
		m[name] = c.Load()
	}
	return m
}
