package netflow

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	// maxUnmapped bounds the elements that are told apart.
	maxUnmapped = 4096
	// maxExample bounds the example of a value.
	maxExample = 64
)

// Unmapped lists the information elements that exporters send in data records and
// that fill no field: what Map could be used for. The zero value is ready; it may
// be given to several sources. All methods may be called concurrently, also while
// the sources run.
type Unmapped struct {
	mu     sync.Mutex
	seen   map[elementKey]*sighting
	others sighting
}

// Element is an information element that fills no field, as one exporter sends it.
type Element struct {
	// PEN is the private enterprise number, 0 for IANA's registry and for
	// NetFlow v9.
	PEN uint32
	// ID is the number of the element. 0 stands for all those that came when
	// 4096 were listed already; of them nothing but Records is known.
	ID uint16
	// Exporter sent the element.
	Exporter netip.Addr
	// Length is that of the value in bytes, 65535 where each record tells it.
	Length uint16
	// Records is how many data records had the element.
	Records uint64
	// Example is the first value that came, or its first 64 bytes.
	Example []byte
}

// String describes the element in a line.
func (e Element) String() string {
	if e.ID == 0 {
		return fmt.Sprintf("others in %d records", e.Records)
	}
	length := fmt.Sprintf("%d bytes", e.Length)
	if e.Length == variableLength {
		length = "variable length"
	}
	return fmt.Sprintf("%d/%d of %s, %s, in %d records, such as %x", e.PEN, e.ID, e.Exporter, length, e.Records, e.Example)
}

// elementKey tells elements apart.
type elementKey struct {
	flow.IE
	exporter netip.Addr
	length   uint16
}

// sighting is what is known of an element.
type sighting struct {
	records atomic.Uint64
	example atomic.Pointer[[]byte] // nil as long as none came
}

// sighting returns where an element is counted.
func (u *Unmapped) sighting(k elementKey) *sighting {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.seen[k]
	if s == nil {
		if len(u.seen) >= maxUnmapped {
			return &u.others
		}
		if u.seen == nil {
			u.seen = map[elementKey]*sighting{}
		}
		s = new(sighting)
		u.seen[k] = s
	}
	return s
}

// unmappedField is a field of a template that fills no field of the flow.
type unmappedField struct {
	index int // in the template
	*sighting
}

// countUnmapped counts what of records, of which p has the first, is unmapped.
func countUnmapped(t *template, records int, p []byte) {
	bare := false
	for _, f := range t.program.unmapped {
		f.records.Add(uint64(records))
		bare = bare || f.example.Load() == nil
	}
	if !bare {
		return
	}
	t.each(p, func(i int, _ *field, v []byte) {
		for _, f := range t.program.unmapped {
			if f.index == i && f.example.Load() == nil {
				example := bytes.Clone(v[:min(len(v), maxExample)])
				f.example.Store(&example)
			}
		}
	})
}

// Elements returns what was listed so far, most frequent first.
func (u *Unmapped) Elements() []Element {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []Element
	for k, s := range u.seen {
		e := Element{PEN: k.PEN, ID: k.ID, Exporter: k.exporter, Length: k.length, Records: s.records.Load()}
		if e.Records == 0 {
			continue // there is a template, and no data
		}
		if example := s.example.Load(); example != nil {
			e.Example = *example
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Element) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.PEN, b.PEN), cmp.Compare(a.ID, b.ID), a.Exporter.Compare(b.Exporter), cmp.Compare(a.Length, b.Length))
	})
	if n := u.others.records.Load(); n > 0 {
		all = append(all, Element{Records: n})
	}
	return all
}
