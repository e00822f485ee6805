package diskqueue

import (
	"os"
	"slices"
)

// sealed reports whether nothing is added to s any more.
func (q *Queue) sealed(s *segment) bool { return q.active == nil || s != q.last() }

// done reports whether all of s is handed out and acknowledged.
func (q *Queue) done(s *segment) bool {
	read := s.seq < q.at.seq || s.seq == q.at.seq && q.at.offset >= s.size
	return read && s.out == 0 && q.sealed(s)
}

// release removes the segments in front that are done.
func (q *Queue) release() {
	for len(q.segments) > 0 && q.done(q.segments[0]) {
		q.remove()
	}
}

// remove removes the first segment.
func (q *Queue) remove() {
	s := q.segments[0]
	q.segments = slices.Delete(q.segments, 0, 1)
	q.bytes -= s.size
	if os.Remove(s.path) != nil {
		q.stats.WriteErrors++
	}
	if q.at.seq <= s.seq && len(q.segments) > 0 {
		q.at = place{q.segments[0].seq, q.segments[0].salt, segmentHeader}
	}
	q.wake() // Next closes the file
	close(q.room)
	q.room = make(chan struct{})
}

// Ack says that a record is dealt with. Records are acknowledged in the order in
// which Next returned them.
func (q *Queue) Ack(r Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.index(r.place.seq)
	if i < 0 {
		return // dropped in the meantime
	}
	s := q.segments[i]
	s.out--
	s.acked += int64(r.Flows)
	s.passed = r.Written
	if q.cursor.write(r.place) != nil {
		q.stats.WriteErrors++
	}
	q.release()
}

// Corrupt counts a record as damaged that makes no sense to whoever reads it, though
// its checksum is right.
func (q *Queue) Corrupt(r Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.CorruptRecords++
	q.stats.CorruptFlows += uint64(r.Flows)
}

// DropOldest removes the oldest segment, and returns how many flows in it were
// never handed out; false when there is none.
func (q *Queue) DropOldest() (flows int64, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.segments) == 0 {
		return 0, false
	}
	s := q.segments[0]
	if !q.sealed(s) {
		q.seal()
	}
	q.remove()
	return s.flows - s.read, true
}
