package flow

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Symbol stands for a text in a Symbols table. 0 is the empty text.
type Symbol uint32

const (
	symbolChunk = 1 << 10
	// MaxSymbols is the most that one table can hold.
	MaxSymbols = 1 << 22
	// DefaultSymbols is the bound of a table that a pipeline makes for itself.
	DefaultSymbols = 1 << 18
	// maxSymbolLen bounds one text; a longer one belongs in a Text column.
	maxSymbolLen = 1 << 10
)

// Symbols gives texts small numbers, so that flows hold no pointers. It is
// bounded: a text that no longer fits is refused, counted, and becomes symbol 0.
// It is meant for texts from configuration and data bases (interface names, AS
// organisations, customers). A source that reads texts off a wire takes a Quota,
// so that a hostile sender cannot fill the table.
//
// All methods may be called concurrently; String takes no lock.
type Symbols struct {
	chunks  []atomic.Pointer[[symbolChunk]string]
	refused atomic.Uint64

	mu    sync.RWMutex
	index map[string]Symbol
	next  Symbol
	max   Symbol
}

// NewSymbols returns an empty table for at most limit texts; a limit that is
// not positive or above MaxSymbols means DefaultSymbols or MaxSymbols.
func NewSymbols(limit int) *Symbols {
	if limit <= 0 {
		limit = DefaultSymbols
	}
	limit = min(limit, MaxSymbols)
	s := &Symbols{
		chunks: make([]atomic.Pointer[[symbolChunk]string], limit/symbolChunk+1),
		index:  map[string]Symbol{"": 0},
		next:   1,
		max:    Symbol(limit),
	}
	s.chunks[0].Store(new([symbolChunk]string))
	return s
}

// String returns the text of sym, and "" for a symbol that the table did not
// give out.
func (s *Symbols) String(sym Symbol) string {
	if s == nil || int(sym/symbolChunk) >= len(s.chunks) {
		return ""
	}
	c := s.chunks[sym/symbolChunk].Load()
	if c == nil {
		return ""
	}
	return c[sym%symbolChunk]
}

// Lookup returns the symbol of a text that the table holds.
func (s *Symbols) Lookup(text string) (Symbol, bool) {
	s.mu.RLock()
	sym, ok := s.index[text]
	s.mu.RUnlock()
	return sym, ok
}

// lookupBytes is Lookup without a copy of the text.
func (s *Symbols) lookupBytes(text []byte) (Symbol, bool) {
	s.mu.RLock()
	sym, ok := s.index[string(text)]
	s.mu.RUnlock()
	return sym, ok
}

// Intern returns the symbol of text, adding it. It returns 0 and counts a
// refusal when the table is full or the text is longer than 1 KiB.
func (s *Symbols) Intern(text string) Symbol {
	if sym, ok := s.Lookup(text); ok {
		return sym
	}
	return s.add(text)
}

func (s *Symbols) add(text string) Symbol {
	if len(text) > maxSymbolLen {
		s.refused.Add(1)
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sym, ok := s.index[text]; ok {
		return sym
	}
	if s.next > s.max {
		s.refused.Add(1)
		return 0
	}
	sym := s.next
	c := s.chunks[sym/symbolChunk].Load()
	if c == nil {
		c = new([symbolChunk]string)
		s.chunks[sym/symbolChunk].Store(c)
	}
	text = strings.Clone(text)
	c[sym%symbolChunk] = text
	s.index[text] = sym
	s.next++
	return sym
}

// Len returns how many texts the table holds.
func (s *Symbols) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return int(s.next) - 1
}

// Refused returns how many texts were refused.
func (s *Symbols) Refused() uint64 { return s.refused.Load() }

// Quota lets one source add at most n texts.
func (s *Symbols) Quota(n int) *Quota {
	return &Quota{table: s, left: n, known: make(map[string]Symbol)}
}

// Quota interns texts off a wire within a bound. It is not safe for concurrent
// use.
type Quota struct {
	table   *Symbols
	left    int
	known   map[string]Symbol
	refused uint64
}

// Intern returns the symbol of text, and false, counting it, when the quota or
// the table is exhausted. It allocates only for a text that it had not seen.
func (q *Quota) Intern(text []byte) (Symbol, bool) {
	if sym, ok := q.known[string(text)]; ok {
		return sym, true
	}
	sym, ok := q.table.lookupBytes(text)
	if !ok {
		if q.left <= 0 {
			q.refused++
			return 0, false
		}
		if sym = q.table.add(string(text)); sym == 0 {
			q.refused++
			return 0, false
		}
	}
	// A text that another stage put in the table costs this source's memory
	// as well, so it counts here too.
	if q.left > 0 {
		q.left--
		q.known[q.table.String(sym)] = sym
	}
	return sym, true
}

// Refused returns how many texts the quota refused.
func (q *Quota) Refused() uint64 { return q.refused }
