package netflow

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

// maxUnmapped bounds the elements that are counted one by one.
const maxUnmapped = 4096

// Unmapped is an element that fills no field.
type Unmapped struct {
	flow.IE
	Records uint64 // data records that had it
}

// unmapped counts elements that fill no field.
type unmapped struct {
	mu     sync.Mutex
	counts map[flow.IE]*atomic.Uint64
	others atomic.Uint64
}

// counter returns where an element is counted.
func (u *unmapped) counter(ie flow.IE) *atomic.Uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.counts[ie]
	if c == nil {
		if len(u.counts) >= maxUnmapped {
			return &u.others
		}
		if u.counts == nil {
			u.counts = map[flow.IE]*atomic.Uint64{}
		}
		c = new(atomic.Uint64)
		u.counts[ie] = c
	}
	return c
}

// list returns the counts, most frequent first. Those that the table had no
// room for come last, as element 0.
func (u *unmapped) list() []Unmapped {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []Unmapped
	for ie, c := range u.counts {
		all = append(all, Unmapped{ie, c.Load()})
	}
	slices.SortFunc(all, func(a, b Unmapped) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.PEN, b.PEN), cmp.Compare(a.ID, b.ID))
	})
	if n := u.others.Load(); n > 0 {
		all = append(all, Unmapped{Records: n})
	}
	return all
}
