package diskqueue

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Config says how a queue works.
type Config struct {
	Dir          string
	MaxBytes     int64 // of all segments together
	SegmentBytes int64 // after which another segment is begun
	SyncEach     bool  // each record is on the disk when Append returns
	NoSync       bool  // nothing is synchronised, unless Sync is called
}

// Errors of Append.
var (
	// ErrFull: there is no room, by the bound or on the disk, until records are
	// acknowledged or dropped.
	ErrFull = errors.New("the disk queue is full")
	// ErrTooLarge: the record can never fit.
	ErrTooLarge = errors.New("the record is larger than a disk queue may be")
)

// Stats are a queue's figures.
type Stats struct {
	Bytes  int64 // in segments
	Flows  int64 // not acknowledged
	Oldest int64 // when the oldest of them was written, or a little earlier [ns since the epoch]; 0 for none

	// Since Open:
	TornBytes      uint64 // at the ends of segments, half written
	CorruptBytes   uint64 // that were skipped
	CorruptFlows   uint64 // in records that were damaged
	CorruptRecords uint64 // places where something was skipped
	SetAside       uint64 // segments whose header is damaged, renamed
	WriteErrors    uint64
}

// Queue is a queue of records on a disk. Append, Ack, DropOldest, Sync, Stats and
// the channels may be used concurrently; Next by one goroutine at a time; Close
// after all of them.
type Queue struct {
	cfg    Config
	lock   *os.File
	cursor *cursor
	more   chan struct{}
	write  func(f *os.File, p []byte, off int64) (int, error)

	mu       sync.Mutex
	segments []*segment // by number
	next     uint64     // number of the next segment
	own      uint64     // number of the first segment of this run
	active   *os.File   // of the last segment; nil if the next record begins another
	dirty    bool       // it is not synchronised
	bytes    int64
	room     chan struct{}
	stats    Stats
	at       place // where reading goes on

	reading *os.File // used by Next alone
	readSeq uint64   // its segment
}

// Open opens the queue in a directory, which it makes if need be.
func Open(cfg Config) (*Queue, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	q := &Queue{cfg: cfg, lock: lock, more: make(chan struct{}, 1), room: make(chan struct{}), write: (*os.File).WriteAt}
	if err := q.load(); err != nil {
		if q.cursor != nil {
			err = errors.Join(err, q.cursor.file.Close())
		}
		return nil, errors.Join(err, lock.Close())
	}
	return q, nil
}

// load finds the segments that earlier runs left.
func (q *Queue) load() error {
	entries, err := os.ReadDir(q.cfg.Dir)
	if err != nil {
		return err
	}
	var acked place
	if q.cursor, acked, err = openCursor(q.cfg.Dir); err != nil {
		return err
	}
	q.next = acked.seq + 1
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ending)
		seq, err := strconv.ParseUint(name, 10, 64)
		if !ok || err != nil || len(name) != 20 || seq == 0 {
			continue
		}
		q.next = max(q.next, seq+1)
		if err := q.adopt(&segment{seq: seq, path: segmentPath(q.cfg.Dir, seq)}, acked); err != nil {
			return err
		}
	}
	q.own = q.next
	slices.SortFunc(q.segments, func(a, b *segment) int { return cmp.Compare(a.seq, b.seq) })
	if len(q.segments) > 0 {
		q.at = q.begin(q.segments[0], acked)
	}
	return nil
}

// adopt takes over a segment of an earlier run.
func (q *Queue) adopt(s *segment, acked place) error {
	err := s.load()
	switch {
	case s.seq < acked.seq && (err == nil || errors.Is(err, errTorn)):
		return os.Remove(s.path) // a crash came between the last acknowledgement and this
	case errors.Is(err, errTorn):
		info, err := os.Stat(s.path)
		if err != nil {
			return err
		}
		q.stats.TornBytes += uint64(info.Size())
		return os.Remove(s.path)
	case errors.Is(err, errDamaged):
		q.stats.SetAside++
		return os.Rename(s.path, s.path+".damaged")
	case err != nil:
		return err
	}
	if err := s.count(q.begin(s, acked).offset); err != nil {
		return err
	}
	q.bytes += s.size
	q.segments = append(q.segments, s)
	return nil
}

// begin returns where a segment is read from.
func (q *Queue) begin(s *segment, acked place) place {
	at := place{s.seq, s.salt, segmentHeader}
	if acked.seq == s.seq && acked.salt == s.salt && acked.offset > segmentHeader {
		at.offset = min(acked.offset, s.size)
	}
	return at
}

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

// More receives when Next should be called: there may be more to read, or a file that
// was read is removed and takes room until then.
func (q *Queue) More() <-chan struct{} { return q.more }

// Room returns a channel that is closed when a segment is removed next.
func (q *Queue) Room() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.room
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

// Stats returns the figures.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats
	s.Bytes = q.bytes
	for _, seg := range q.segments {
		left := seg.flows - seg.acked
		s.Flows += left
		if left > 0 && s.Oldest == 0 {
			s.Oldest = max(seg.first, seg.passed)
		}
	}
	return s
}

// Close lets go of the directory. What is not acknowledged stays.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seal()
	q.release()
	var err error
	if q.reading != nil {
		err = q.reading.Close()
	}
	return errors.Join(err, q.cursor.file.Close(), q.lock.Close())
}
