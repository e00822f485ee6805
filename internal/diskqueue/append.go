package diskqueue

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// Append adds a record: RecordHeader bytes, which it fills, and the payload. Any
// error but ErrTooLarge may pass, that of a full disk among them, and leaves the
// queue as it was.
func (q *Queue) Append(rec []byte, flows int, now int64) error {
	h := header{size: len(rec) - RecordHeader, flows: flows, written: now, sum: payloadSum(rec[RecordHeader:])}
	size := int64(len(rec))
	q.mu.Lock()
	defer q.mu.Unlock()
	if size+segmentHeader > q.cfg.MaxBytes {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
	}
	if q.active != nil && q.last().size+size > q.cfg.SegmentBytes {
		q.seal()
	}
	if !q.fits(size) {
		// What is read may be all of the last segment.
		q.seal()
		q.release()
		if !q.fits(size) {
			return ErrFull
		}
	}
	if err := q.append(rec, h); err != nil {
		q.stats.WriteErrors++
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			q.seal() // what is read of it already can go then
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		return err
	}
	q.wake()
	return nil
}

// wake has whoever reads call Next.
func (q *Queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *Queue) fits(size int64) bool {
	if q.active == nil {
		size += segmentHeader
	}
	return q.bytes+size <= q.cfg.MaxBytes
}

func (q *Queue) last() *segment { return q.segments[len(q.segments)-1] }

func (q *Queue) append(rec []byte, h header) error {
	if q.active == nil {
		if err := q.beginSegment(); err != nil {
			return err
		}
	}
	s := q.last()
	h.put(rec, s.salt)
	_, err := q.write(q.active, rec, s.size)
	if err == nil && q.cfg.SyncEach {
		if err = q.active.Sync(); err != nil {
			defer q.seal() // what it holds besides is uncertain: write no more to it
		}
	}
	if err != nil {
		if cut := q.active.Truncate(s.size); cut != nil {
			q.seal()
		}
		return err
	}
	q.dirty = true
	q.bytes += int64(len(rec))
	s.size += int64(len(rec))
	s.flows += int64(h.flows)
	if s.first == 0 {
		s.first = h.written
	}
	return nil
}

func (q *Queue) beginSegment() error {
	s := &segment{seq: q.next, path: segmentPath(q.cfg.Dir, q.next)}
	f, err := s.create()
	if err != nil {
		return err
	}
	q.next++
	if !q.cfg.NoSync {
		if err := syncDir(q.cfg.Dir); err != nil {
			return errors.Join(err, f.Close(), os.Remove(s.path))
		}
	}
	q.active = f
	q.bytes += s.size
	q.segments = append(q.segments, s)
	if len(q.segments) == 1 {
		q.at = place{s.seq, s.salt, segmentHeader}
	}
	return nil
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // where directories cannot be synchronised
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// seal ends the last segment: the next record begins another.
func (q *Queue) seal() {
	if q.active == nil {
		return
	}
	if q.dirty && !q.cfg.NoSync && q.active.Sync() != nil {
		q.stats.WriteErrors++
	}
	if q.active.Close() != nil {
		q.stats.WriteErrors++
	}
	q.active, q.dirty = nil, false
}

// Sync has the disk hold what was appended.
func (q *Queue) Sync() error {
	q.mu.Lock()
	f, dirty := q.active, q.dirty
	q.dirty = false
	q.mu.Unlock()
	if f == nil || !dirty {
		return nil
	}
	err := f.Sync()
	if err == nil || errors.Is(err, os.ErrClosed) { // sealed, and so synchronised
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.WriteErrors++
	if q.active == f {
		q.seal()
	}
	return err
}
