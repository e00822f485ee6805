package flowtable

import (
	"cmp"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// Flush writes all flows, by start and then by arrival. It returns false when
// the batch was full before all of them were written. No packet may be added
// before it returns true.
func (t *Table) Flush(b *flow.Batch) bool {
	if t.flushing == nil {
		t.flushing = t.takeAll()
	}
	for len(t.flushing) > 0 {
		if b.Full() {
			return false
		}
		id := t.flushing[0]
		t.flushing = t.flushing[1:]
		reason := uint8(flow.EndReasonForced)
		if t.records.at(id).closing {
			reason = flow.EndReasonDetected
		}
		t.finish(id, reason, b)
	}
	t.flushing = nil
	return true
}

// takeAll takes all flows out of the table at once, and returns them by start and
// then by arrival. What they are sorted by is gathered first: looking it up in the
// records would be most of the work.
func (t *Table) takeAll() []ref {
	type place struct {
		start int64
		order int32 // by arrival
		id    ref
	}
	places := make([]place, 0, t.index.count)
	for id := t.all.head; id != 0; {
		r := t.records.at(id)
		places = append(places, place{r.start, int32(len(places)), id})
		id = r.age.next
	}
	t.all, t.idle, t.closing = list{}, list{}, list{}
	t.index.clear()
	slices.SortFunc(places, func(x, y place) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.order, y.order))
	})
	ids := make([]ref, len(places))
	for i := range places {
		ids[i] = places[i].id
	}
	return ids
}
