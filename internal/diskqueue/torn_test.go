package diskqueue

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// written returns a segment with records of these payloads, and where each ends.
func written(t testing.TB, payloads ...string) (file []byte, ends []int) {
	t.Helper()
	dir := t.TempDir()
	q := open(t, config(dir))
	for _, p := range payloads {
		require.NoError(t, add(q, p))
		ends = append(ends, int(q.last().size))
	}
	require.NoError(t, q.Close())
	file, err := os.ReadFile(segmentPath(dir, 1))
	require.NoError(t, err)
	return file, ends
}

// left opens a queue with a segment as a crash left it and returns the records.
func left(t testing.TB, file []byte) ([]string, Stats) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(segmentPath(dir, 1), file, 0o600))
	q := open(t, config(dir))
	require.NoError(t, add(q, "next run"))
	got := take(t, q)
	s := q.Stats()
	require.Zero(t, s.Flows)
	require.NoError(t, q.Close())
	require.Empty(t, files(t, dir))
	require.Equal(t, "next run", got[len(got)-1])
	return got[:len(got)-1], s
}

// TestTorn tears a segment at each byte, as a crash does, and has it go on in zeros,
// as some file systems leave it.
func TestTorn(t *testing.T) {
	payloads := []string{"first", "second", ""}
	file, ends := written(t, payloads...)
	for n := range len(file) + 1 {
		whole, end := 0, segmentHeader
		for ; whole < len(ends) && ends[whole] <= n; whole++ {
			end = ends[whole]
		}
		torn := n - end
		if n < segmentHeader {
			torn = n
		}
		got, s := left(t, file[:n])
		require.Equal(t, payloads[:whole:whole], append([]string{}, got...), n)
		require.EqualValues(t, torn, s.TornBytes, n)
		require.Zero(t, s.CorruptBytes, n)
		require.Zero(t, s.SetAside, n)
		if n >= segmentHeader {
			got, s = left(t, append(bytes.Clone(file[:n]), make([]byte, 100)...))
			require.Equal(t, payloads[:whole:whole], append([]string{}, got...), n)
			require.EqualValues(t, n-end+100, s.TornBytes+s.CorruptBytes, n)
		}
	}
	_, s := left(t, make([]byte, 500)) // not even the header arrived
	require.EqualValues(t, 500, s.TornBytes)
}

// TestCorrupt changes each byte of a segment: one record is lost and counted, the
// others are read. In the header of the segment it is an error, or all is set aside.
func TestCorrupt(t *testing.T) {
	payloads := []string{"first", "second", "third"}
	file, ends := written(t, payloads...)
	for n := range file {
		p := bytes.Clone(file)
		p[n] ^= 0x40
		if n < segmentHeader {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(segmentPath(dir, 1), p, 0o600))
			q, err := Open(config(dir))
			if n < 8 {
				require.Error(t, err, n)
				continue
			}
			require.NoError(t, err, n)
			require.EqualValues(t, 1, q.Stats().SetAside)
			require.Empty(t, take(t, q))
			require.NoError(t, q.Close())
			require.Len(t, files(t, dir), 1)
			continue
		}
		hit := 0
		for ends[hit] <= n {
			hit++
		}
		want := append(append([]string{}, payloads[:hit]...), payloads[hit+1:]...)
		got, s := left(t, p)
		require.Equal(t, want, got, n)
		switch start := ends[hit] - len(payloads[hit]); {
		case n >= start:
			require.EqualValues(t, len(payloads[hit]), s.CorruptFlows, n)
			require.EqualValues(t, 1, s.CorruptRecords, n)
		case hit == len(ends)-1:
			require.NotZero(t, s.TornBytes, n) // looks the same
		default:
			require.EqualValues(t, ends[hit]-start+RecordHeader, s.CorruptBytes, n)
			require.EqualValues(t, 1, s.CorruptRecords, n)
		}
	}
}

// TestSegmentInARecord has a payload that holds a segment of somebody who hopes that
// the header in front of it gets damaged.
func TestSegmentInARecord(t *testing.T) {
	inner, _ := written(t, "forged")
	file, ends := written(t, string(inner), "last")
	file[segmentHeader] ^= 1
	got, s := left(t, file)
	require.Equal(t, []string{"last"}, got)
	require.EqualValues(t, ends[0]-segmentHeader, s.CorruptBytes)
}

// TestLongDamage is longer than what is searched at once.
func TestLongDamage(t *testing.T) {
	for _, n := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 200_000} {
		file, ends := written(t, "first", "last")
		p := append(bytes.Clone(file[:ends[0]]), bytes.Repeat(mark, n/4+1)[:n]...)
		got, s := left(t, append(p, file[ends[0]:]...))
		require.Equal(t, []string{"first", "last"}, got)
		require.EqualValues(t, n, s.CorruptBytes)
	}
}

// FuzzSegment reads anything: it ends, and what it skips and hands out is all there is.
func FuzzSegment(f *testing.F) {
	file, ends := written(f, "first", "second")
	f.Add(file)
	f.Add(file[:ends[0]+10])
	f.Add(append(bytes.Clone(file[:ends[0]]), file...))
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) >= 16 {
			sum := appendSegmentHeader(nil, salt(p[8:16]))
			if len(p) >= segmentHeader {
				copy(p[16:segmentHeader], sum[16:]) // so that more is read than the header
			}
		}
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(segmentPath(dir, 1), p, 0o600))
		q, err := Open(config(dir))
		if err != nil {
			require.ErrorContains(t, err, dir)
			return
		}
		size := uint64(min(len(p), segmentHeader))
		for {
			r, ok, err := q.Next(nil)
			require.NoError(t, err)
			if !ok {
				break
			}
			size += uint64(RecordHeader + len(r.Payload))
			q.Ack(r)
		}
		s := q.Stats()
		switch {
		case s.SetAside > 0:
		case len(bytes.Trim(p[:min(len(p), segmentHeader)], "\x00")) == 0, len(p) < segmentHeader:
			require.EqualValues(t, len(p), s.TornBytes)
		default:
			require.EqualValues(t, len(p), size+s.TornBytes+s.CorruptBytes)
		}
		require.NoError(t, q.Close())
	})
}
