package netflow

import (
	"cmp"
	"net/netip"
	"sync"
	"sync/atomic"
)

const (
	// fieldsPerTemplate bounds the fields of all templates, as a mean.
	fieldsPerTemplate = 64
	// optionsPerTemplate bounds what is kept of options data, by MaxTemplates.
	optionsPerTemplate = 8
	// sweeps is how often what has expired is looked for in the shortest of the
	// times that things live.
	sweeps = 8
)

// Store is what is known of exporters: templates, options data, and data sets
// that wait for their template. It is bounded, and forgets what has not been
// sent nor used for Config.TemplateTTL, and what a session told at its end. All
// methods may be called concurrently.
type Store struct {
	cfg Config

	mu        sync.RWMutex
	exporters map[exporterKey]*exporter
	bound     bool // decoders have been made, so loaded state has its symbols

	domains, templates, fields atomic.Int64 // all there are
	options, held              atomic.Int64 // entries, bytes

	swept atomic.Int64 // [ns since the epoch]
}

// NewStore returns an empty store.
func NewStore(cfg Config) *Store {
	return &Store{cfg: cfg.withDefaults(), exporters: map[exporterKey]*exporter{}}
}

// StoreStats is how much a Store holds.
type StoreStats struct {
	Exporters, Domains, Templates, Options, HeldBytes int
}

// Stats returns how much the store holds.
func (s *Store) Stats() StoreStats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return StoreStats{len(s.exporters), int(s.domains.Load()), int(s.templates.Load()), int(s.options.Load()), int(s.held.Load())}
}

// exporter finds or adds an exporter; nil when there are too many.
func (s *Store) exporter(key exporterKey, addr netip.Addr) *exporter {
	s.mu.RLock()
	e := s.exporters[key]
	s.mu.RUnlock()
	if e != nil {
		return e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.exporters[key]; e != nil {
		return e
	}
	if len(s.exporters) >= s.cfg.MaxTemplates {
		return nil
	}
	e = &exporter{
		key: key, addr: addr, domains: map[uint32]*domain{},
		override: s.cfg.Rates.Of(addr),
		fallback: cmp.Or(s.cfg.DefaultRates.Of(addr), s.cfg.DefaultRate),
	}
	s.exporters[key] = e
	return e
}

// domain finds or adds a domain; nil when there are too many. e is locked.
func (s *Store) domain(e *exporter, id uint32) *domain {
	if d := e.domains[id]; d != nil {
		return d
	}
	if !take(&s.domains, 1, s.cfg.MaxTemplates) {
		return nil
	}
	d := &domain{id: id}
	e.domains[id] = d
	return d
}

// take adds n to what is used unless it would be more than limit.
func take(used *atomic.Int64, n, limit int) bool {
	if used.Add(int64(n)) > int64(limit) {
		used.Add(int64(-n))
		return false
	}
	return true
}

// define keeps a template in place of what its id meant. e is locked.
func (s *Store) define(d *domain, t *template) bool {
	old := d.templates[t.id]
	if old != nil {
		s.remove(d, old)
	}
	if !take(&s.templates, 1, s.cfg.MaxTemplates) {
		return false
	}
	if !take(&s.fields, len(t.fields), s.cfg.MaxTemplates*fieldsPerTemplate) {
		s.templates.Add(-1)
		return false
	}
	if d.templates == nil {
		d.templates = map[uint16]*template{}
	}
	d.templates[t.id] = t
	return true
}

// remove forgets a template. e is locked.
func (s *Store) remove(d *domain, t *template) {
	delete(d.templates, t.id)
	s.templates.Add(-1)
	s.fields.Add(int64(-len(t.fields)))
}

// sweep forgets what has expired, if it is time to look, and returns how many
// held sets that cost.
func (s *Store) sweep(now int64) (expired int) {
	every := int64(min(s.cfg.TemplateTTL, s.cfg.HoldFor)) / sweeps
	last := s.swept.Load()
	if now-last < every || !s.swept.CompareAndSwap(last, now) || last == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ttl := int64(s.cfg.TemplateTTL)
	for key, e := range s.exporters {
		e.mu.Lock()
		for id, d := range e.domains {
			expired += s.expireHeld(d, now)
			if key.session != 0 {
				continue // templates live as long as it does
			}
			for _, t := range d.templates {
				if now-t.used > ttl {
					s.remove(d, t)
				}
			}
			if now-d.seen > ttl && len(d.held) == 0 {
				s.drop(e, id)
			}
		}
		if len(e.domains) == 0 && now-e.seen > ttl {
			e.gone = true
			delete(s.exporters, key)
		}
		e.mu.Unlock()
	}
	return expired
}

// drop forgets a domain. e is locked.
func (s *Store) drop(e *exporter, id uint32) {
	d := e.domains[id]
	for _, t := range d.templates {
		s.remove(d, t)
	}
	for i := range d.held {
		s.unhold(d, &d.held[i])
	}
	s.options.Add(int64(-d.options.len()))
	s.domains.Add(-1)
	delete(e.domains, id)
}

// end forgets an exporter, and returns how many held sets that cost.
func (s *Store) end(key exporterKey) (lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.exporters[key]
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, d := range e.domains {
		lost += len(d.held)
		s.drop(e, id)
	}
	e.gone = true
	delete(s.exporters, key)
	return lost
}

// bind gives texts that were loaded before there was a decoder their symbols,
// and compiles the templates.
func (s *Store) bind(d *Decoder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound {
		return
	}
	s.bound = true
	for _, e := range s.exporters {
		e.mu.Lock()
		for _, dom := range e.domains {
			dom.options.bind(d.symbols)
			for _, t := range dom.templates {
				t.program = d.compile(e, t)
			}
		}
		e.mu.Unlock()
	}
}
