package diskqueue

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// More receives when Next should be called: there may be more to read, or a file that
// was read is removed and takes room until then.
func (q *Queue) More() <-chan struct{} { return q.more }

// Room returns a channel that is closed when a segment is removed next.
func (q *Queue) Room() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.room
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
