package filter

import (
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// Selector applies a compiled predicate to batches. It keeps scratch memory and
// is not safe for concurrent use; compile one for each goroutine.
type Selector struct {
	kernel kernel
	sets   []*setRef
	rows   []uint16
}

// look takes what the named sets hold now.
func (s *Selector) look() {
	for _, r := range s.sets {
		r.now = r.set.load()
	}
}

// Apply narrows the batch's selection to the flows that match.
func (s *Selector) Apply(b *flow.Batch) {
	s.look()
	_, rows := b.Raw()
	b.SetRows(s.kernel.sel(b, rows, rows[:0]))
}

// Split returns the selected rows that match, and those that do not. Both are
// ascending; matched is the selector's until the next call, and rest reuses the
// memory of rows.
func (s *Selector) Split(b *flow.Batch, rows []uint16) (matched, rest []uint16) {
	s.look()
	s.rows = slices.Grow(s.rows[:0], len(rows))
	s.rows = s.kernel.sel(b, rows, s.rows)
	return s.rows, subtract(rows, s.rows)
}

// subtract removes the rows of sub, a subsequence, from rows, in place.
func subtract(rows, sub []uint16) []uint16 {
	out := rows[:0]
	for _, r := range rows {
		if len(sub) > 0 && sub[0] == r {
			sub = sub[1:]
			continue
		}
		out = append(out, r)
	}
	return out
}
