package diskqueue

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFirstInFirstOut(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for run := range 3 {
		q := open(t, config(dir))
		for i := range 50 {
			want = append(want, fmt.Sprintf("run %d, record %d, %s", run, i, strings.Repeat("x", 5000)))
			require.NoError(t, add(q, want[len(want)-1]))
		}
		require.EqualValues(t, 1_700_000_000e9, q.Stats().Oldest)
		require.NoError(t, q.Close())
	}
	q := open(t, config(dir))
	require.Greater(t, len(files(t, dir)), 6)
	require.Equal(t, want, take(t, q))
	require.Zero(t, q.Stats())
	require.Empty(t, files(t, dir))
	require.NoError(t, q.Close())
}

// TestAcknowledged goes on in the middle of a segment, and repeats what was handed
// out and not acknowledged.
func TestAcknowledged(t *testing.T) {
	dir := t.TempDir()
	q := open(t, config(dir))
	for i := range 10 {
		require.NoError(t, add(q, fmt.Sprint(i)))
	}
	for i := range 5 {
		r, ok, err := q.Next(nil)
		require.NoError(t, err)
		require.True(t, ok)
		require.False(t, r.Earlier)
		if i < 3 {
			q.Ack(r)
		}
	}
	require.EqualValues(t, 7, q.Stats().Flows)
	require.NoError(t, q.Close())
	q = open(t, config(dir))
	require.EqualValues(t, 7, q.Stats().Flows)
	r, _, err := q.Next(nil)
	require.NoError(t, err)
	require.True(t, r.Earlier)
	q.Ack(r)
	require.NoError(t, add(q, "new"))
	require.Equal(t, []string{"4", "5", "6", "7", "8", "9", "new"}, take(t, q))
	require.NoError(t, q.Close())
}

// TestCursor repeats records when the cursor is damaged, and never skips one: neither
// does a cursor of a segment that is gone, whose number another one would get.
func TestCursor(t *testing.T) {
	dir := t.TempDir()
	q := open(t, config(dir))
	for i := range 3 {
		require.NoError(t, add(q, fmt.Sprint(i)))
	}
	r, _, err := q.Next(nil)
	require.NoError(t, err)
	q.Ack(r)
	require.NoError(t, q.Close())
	path := filepath.Join(dir, "cursor")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		q = open(t, config(dir))
		require.EqualValues(t, 3, q.Stats().Flows)
		require.NoError(t, q.Close())
		require.NoError(t, os.WriteFile(path, good[:i], 0o600))
		q = open(t, config(dir))
		require.EqualValues(t, 3, q.Stats().Flows)
		require.NoError(t, q.Close())
	}
	require.NoError(t, os.WriteFile(path, good, 0o600))
	q = open(t, config(dir))
	require.Equal(t, []string{"1", "2"}, take(t, q))
	require.NoError(t, q.Close())
	q = open(t, config(dir))
	require.NoError(t, add(q, "after"))
	require.NoError(t, q.Close())
	q = open(t, config(dir))
	require.Equal(t, []string{"after"}, take(t, q))
	require.NoError(t, q.Close())
}

func TestBound(t *testing.T) {
	dir := t.TempDir()
	c := config(dir)
	c.MaxBytes, c.SegmentBytes = 100_000, 25_000
	q := open(t, c)
	big := strings.Repeat("x", 10_000)
	n := 0
	for ; add(q, big) == nil; n++ {
		require.LessOrEqual(t, q.Stats().Bytes, c.MaxBytes)
	}
	require.Equal(t, 9, n)
	require.ErrorIs(t, add(q, big), ErrFull)
	require.ErrorIs(t, add(q, strings.Repeat("x", 200_000)), ErrTooLarge)
	room := q.Room()
	for range 2 {
		r, _, err := q.Next(nil)
		require.NoError(t, err)
		q.Ack(r)
	}
	<-room
	require.NoError(t, add(q, big))
	require.NoError(t, add(q, big))
	require.ErrorIs(t, add(q, big), ErrFull)

	flows, ok := q.DropOldest()
	require.True(t, ok)
	require.EqualValues(t, 20_000, flows)
	require.EqualValues(t, 70_000, q.Stats().Flows)
	require.Len(t, take(t, q), 7)
	require.NoError(t, add(q, big))
	_, ok = q.DropOldest()
	require.True(t, ok)
	_, ok = q.DropOldest()
	require.False(t, ok)
	<-q.More()
	_, ok, err := q.Next(nil)
	require.NoError(t, err)
	require.False(t, ok)
	require.Nil(t, q.reading, "a file that is removed is open")
	require.NoError(t, add(q, "last"))
	require.Equal(t, []string{"last"}, take(t, q))
	require.NoError(t, q.Close())
	require.Empty(t, files(t, dir))
}

// TestDroppedUnderWay acknowledges records whose segment is gone.
func TestDroppedUnderWay(t *testing.T) {
	q := open(t, config(t.TempDir()))
	require.NoError(t, add(q, "one"))
	require.NoError(t, add(q, "second"))
	r, _, err := q.Next(nil)
	require.NoError(t, err)
	flows, ok := q.DropOldest()
	require.True(t, ok)
	require.EqualValues(t, len("second"), flows)
	require.NoError(t, add(q, "third"))
	q.Ack(r)
	require.EqualValues(t, len("third"), q.Stats().Flows)
	require.Equal(t, []string{"third"}, take(t, q))
	require.NoError(t, q.Close())
}

// TestFullDisk has a disk take so many bytes and no more: what was accepted is there,
// now and in the next run, and the queue goes on when there is room.
func TestFullDisk(t *testing.T) {
	for limit := 0; limit < 1000; limit += 7 {
		dir := t.TempDir()
		q := open(t, config(dir))
		left := limit
		full := func(f *os.File, p []byte, off int64) (int, error) {
			n := min(len(p), left)
			left -= n
			if _, err := f.WriteAt(p[:n], off); err != nil || n == len(p) {
				return n, err
			}
			return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
		}
		q.write = full
		var want []string
		for i := range 12 {
			payload := fmt.Sprint("record ", i, " ", strings.Repeat("y", 70))
			err := add(q, payload)
			if err == nil {
				want = append(want, payload)
				continue
			}
			require.ErrorIs(t, err, ErrFull)
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorContains(t, err, dir)
		}
		q.write = (*os.File).WriteAt
		require.NoError(t, add(q, "room again"))
		want = append(want, "room again")
		if limit%2 == 0 {
			require.NoError(t, q.Close())
			q = open(t, config(dir))
		}
		require.Equal(t, want, take(t, q))
		require.Zero(t, q.Stats().CorruptBytes)
		require.Zero(t, q.Stats().TornBytes)
		require.NoError(t, q.Close())
	}
}

func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	q := open(t, config(dir))
	_, err := Open(config(dir))
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, dir)
	require.NoError(t, q.Close())
	require.NoError(t, open(t, config(dir)).Close())
}

func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	path := segmentPath(dir, 7)
	for _, c := range []struct{ content, want string }{
		{"a file of somebody else's", "not a segment of a disk queue"},
		{string(magic) + "\x02, newer", "format 2, this program knows format 1"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
		_, err := Open(config(dir))
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, path)
	}
	require.NoError(t, os.Rename(path, filepath.Join(dir, "7.spool"))) // the name is not a segment's
	require.NoError(t, open(t, config(dir)).Close())

	_, err := Open(config(filepath.Join(dir, "7.spool")))
	require.ErrorIs(t, err, syscall.ENOTDIR)
	if os.Geteuid() != 0 {
		require.NoError(t, os.Chmod(dir, 0o500))
		_, err = Open(config(filepath.Join(dir, "sub")))
		require.ErrorIs(t, err, os.ErrPermission)
	}
}

// TestAtTheSameTime writes, reads, drops and synchronises at once.
func TestAtTheSameTime(t *testing.T) {
	c := config(t.TempDir())
	c.SegmentBytes, c.NoSync = 4000, false
	q := open(t, c)
	const writers, each = 3, 300
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := range each {
				if err := add(q, fmt.Sprintf("%d %d %0100d", w, i, 0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	work.Go(func() {
		for range 20 {
			if err := q.Sync(); err != nil {
				t.Error(err)
			}
			q.Stats()
		}
	})
	go func() { work.Wait(); close(stop) }()
	next := map[string]int{}
	read := 0
	for running := true; ; {
		r, ok, err := q.Next(nil)
		require.NoError(t, err)
		if !ok {
			if !running {
				break
			}
			select {
			case <-q.More():
			case <-stop:
				running = false
			}
			continue
		}
		var w string
		var i int
		_, err = fmt.Sscan(string(r.Payload), &w, &i)
		require.NoError(t, err)
		require.Equal(t, next[w], i)
		next[w]++
		read++
		q.Ack(r)
	}
	require.Equal(t, writers*each, read)
	require.NoError(t, q.Close())
}

// TestFailedSync takes a record back that may not be on the disk.
func TestFailedSync(t *testing.T) {
	c := config(t.TempDir())
	c.SyncEach, c.NoSync = true, false
	q := open(t, c)
	require.NoError(t, add(q, "one"))
	q.write = func(f *os.File, p []byte, off int64) (int, error) {
		n, err := f.WriteAt(p, off)
		return n, errors.Join(err, f.Close()) // so that it cannot be synchronised
	}
	require.Error(t, add(q, "two"))
	q.write = (*os.File).WriteAt
	require.NoError(t, add(q, "three"))
	require.NotZero(t, q.Stats().WriteErrors)
	got := take(t, q)
	require.Equal(t, []string{"one", "three"}, got)
	require.NoError(t, q.Close())
}
