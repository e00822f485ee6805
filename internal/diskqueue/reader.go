package diskqueue

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
)

// Record is what Next hands out.
type Record struct {
	Payload []byte // valid until the next call of Next
	Flows   int
	Written int64 // [ns since the epoch]
	Earlier bool  // by an earlier run

	place place // behind it
}

func payloadSum(p []byte) uint32 { return crc32.Checksum(p, castagnoli) }

// Next returns the record that follows, its payload in buf if that is large enough;
// false when there is none yet. After an error it can be called again.
func (q *Queue) Next(buf []byte) (Record, bool, error) {
	for {
		s, at, ok := q.place()
		if !ok {
			q.letGo()
			return Record{}, false, nil
		}
		err := q.openSegment(s)
		if errors.Is(err, fs.ErrNotExist) {
			q.skip(s, at, gap{next: s.size, corrupt: s.size - at.offset})
			continue
		}
		if err != nil {
			return Record{}, false, err
		}
		rec, lost, err := readRecord(scanner{q.reading, s.salt, s.size}, at, buf)
		if err != nil {
			return Record{}, false, fmt.Errorf("%s: %w", s.path, err)
		}
		if lost.next > 0 {
			q.skip(s, at, lost)
			continue
		}
		rec.Earlier = s.seq < q.own
		if q.handOut(s.seq, at, rec) {
			return rec, true, nil
		}
		// It was dropped in the meantime.
	}
}

// place returns the segment that is read next, as it is now, and where.
func (q *Queue) place() (s segment, at place, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, seg := range q.segments {
		if seg.seq < q.at.seq {
			continue
		}
		if seg.seq > q.at.seq {
			q.at = place{seg.seq, seg.salt, segmentHeader}
		}
		if q.at.offset < seg.size {
			return *seg, q.at, true
		}
	}
	q.release()
	return s, at, false
}

// openSegment opens the file of s for reading, if it is not open.
func (q *Queue) openSegment(s segment) error {
	if q.reading != nil && q.readSeq == s.seq {
		return nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	if q.reading != nil {
		_ = q.reading.Close()
	}
	q.reading, q.readSeq = f, s.seq
	return nil
}

// letGo closes the file that is read if it was removed, for until then it takes room
// on the disk.
func (q *Queue) letGo() {
	q.mu.Lock()
	gone := q.index(q.readSeq) < 0
	q.mu.Unlock()
	if gone && q.reading != nil {
		_ = q.reading.Close()
		q.reading = nil
	}
}

// gap is what must be skipped.
type gap struct {
	next          int64 // where reading goes on; 0 for no gap
	torn, corrupt int64 // bytes
	flows         int   // in a record whose payload is damaged
}

// readRecord reads the record at a place, or tells what to skip.
func readRecord(r scanner, at place, buf []byte) (rec Record, lost gap, err error) {
	h, found, err := r.find(at.offset)
	switch {
	case err != nil:
		return rec, lost, err
	case found < 0 || found == at.offset && h.end(found) > r.size:
		return rec, gap{next: r.size, torn: r.size - at.offset}, nil
	case found > at.offset:
		return rec, gap{next: found, corrupt: found - at.offset}, nil
	}
	p := slices.Grow(buf[:0], h.size)[:h.size]
	if _, err := r.file.ReadAt(p, found+RecordHeader); err != nil {
		return rec, lost, noEOF(err)
	}
	at.offset = h.end(found)
	if payloadSum(p) != h.sum {
		return rec, gap{next: at.offset, corrupt: at.offset - found, flows: h.flows}, nil
	}
	return Record{Payload: p, Flows: h.flows, Written: h.written, place: at}, lost, nil
}

// skip goes on behind a gap.
func (q *Queue) skip(s segment, at place, lost gap) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.at != at {
		return // dropped in the meantime
	}
	q.at.offset = lost.next
	q.stats.TornBytes += uint64(lost.torn)
	if lost.corrupt > 0 {
		q.stats.CorruptRecords++
		q.stats.CorruptBytes += uint64(lost.corrupt)
		q.stats.CorruptFlows += uint64(lost.flows)
	}
	if i := q.index(s.seq); i >= 0 {
		q.segments[i].flows -= int64(lost.flows)
	}
	q.release()
}

func (q *Queue) index(seq uint64) int {
	return slices.IndexFunc(q.segments, func(s *segment) bool { return s.seq == seq })
}

// handOut moves on behind a record; false if its segment is gone.
func (q *Queue) handOut(seq uint64, at place, rec Record) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.index(seq)
	if i < 0 || q.at != at {
		return false
	}
	q.at = rec.place
	q.segments[i].out++
	q.segments[i].read += int64(rec.Flows)
	return true
}
