package datagram_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

var few = []datagram.Datagram{
	{Payload: []byte("first"), From: netip.MustParseAddrPort("192.0.2.1:2055"), Received: 1_700_000_000_123_456_789},
	{Payload: []byte{}, From: netip.MustParseAddrPort("[2001:db8::1]:1"), Received: 0},
	{Payload: []byte("third"), From: netip.MustParseAddrPort("192.0.2.2:2055"), Received: 1_700_000_001_000_000_000},
}

// TestTornRecording tears a recording at each byte, as a crash does, and has the
// next run append to it: every datagram that was whole is read.
func TestTornRecording(t *testing.T) {
	first, second := record(t, few[:2]), record(t, few[2:])
	header := len(record(t, nil))
	one := len(record(t, few[:1]))
	for n := range len(first) + 1 {
		f := file(append(bytes.Clone(first[:n]), second...))
		got, err := all(f)
		require.NoError(t, err, n)
		whole, torn := 0, uint64(1)
		switch n {
		case 0, header:
			torn = 0
		case one:
			whole, torn = 1, 0
		case len(first):
			whole, torn = 2, 0
		default:
			if n > one {
				whole = 1
			}
		}
		require.Equal(t, append(few[:whole:whole], few[2]), got, n)
		c := f.Counts()
		require.Equal(t, torn, c.Torn, n)
		switch {
		case torn == 0:
			require.Zero(t, c.TornBytes, n)
		case n < header:
			require.EqualValues(t, n, c.TornBytes)
		case n < one:
			require.EqualValues(t, n-header, c.TornBytes)
		default:
			require.EqualValues(t, n-one, c.TornBytes)
		}
	}
}

// TestTornCompressedRecording tears the second of three runs at each byte.
func TestTornCompressedRecording(t *testing.T) {
	for _, ending := range []string{".gz", ".zst"} {
		path := filepath.Join(t.TempDir(), "r"+ending)
		var runs [3][]byte
		for i := range runs {
			r, err := datagram.Create(path)
			require.NoError(t, err)
			require.NoError(t, r.Write(&few[i]))
			require.NoError(t, r.Close())
			all, err := os.ReadFile(path)
			require.NoError(t, err)
			runs[i] = all[len(runs[0])*min(i, 1)+len(runs[1])*(i/2):]
		}
		for n := range len(runs[1]) + 1 {
			f := file(slices.Concat(runs[0], runs[1][:n], runs[2]))
			got, err := all(f)
			require.NoError(t, err, n)
			require.Equal(t, few[0], got[0], n)
			require.Equal(t, few[2], got[len(got)-1], n)
			if n == 0 || n == len(runs[1]) {
				require.Zero(t, f.Counts(), n)
			} else {
				require.NotZero(t, f.Counts().Torn, n)
			}
			if n == len(runs[1]) {
				require.Equal(t, few, got)
			}
		}
	}
}

// TestDamagedCapture does not read on: a capture has nothing to tell damage by.
func TestDamagedCapture(t *testing.T) {
	pack := func(p []byte) []byte {
		w, err := zstd.NewWriter(nil)
		require.NoError(t, err)
		return w.EncodeAll(p, nil)
	}
	p := capture(t, frame(1, 0, false, 0, udpPacket(2055, []byte("hello"))))
	one, two := pack(p), pack(p[24:])
	got, err := all(file(slices.Concat(one, two, two), 2055))
	require.NoError(t, err)
	require.Len(t, got, 3)
	got, err = all(file(slices.Concat(one, two[:len(two)-6], two), 2055))
	require.Error(t, err)
	require.Len(t, got, 1)
}

// TestDamagedRecording changes each byte of a recording. What follows in the same
// section is lost, and the next section is read.
func TestDamagedRecording(t *testing.T) {
	first, second := record(t, few[:2]), record(t, few[2:])
	for n := range first {
		p := append(bytes.Clone(first), second...)
		p[n] ^= 0x20
		got, err := all(file(p))
		if n == 0 {
			require.Error(t, err) // it is taken for a capture
			continue
		}
		require.NoError(t, err, n)
		require.NotEmpty(t, got, n)
		require.Equal(t, few[2], got[len(got)-1], n)
		require.Less(t, len(got), 3, n)
	}
	_, err := all(file(append(bytes.Clone(first), make([]byte, 100)...))) // as some file systems leave
	require.ErrorContains(t, err, "the record is damaged")
	got, err := all(file(append(append(bytes.Clone(first), make([]byte, 100_000)...), second...)))
	require.NoError(t, err)
	require.Equal(t, few, got)
}

// TestRecordingOfARecording has a payload that is a recording itself. It is one
// datagram, and where the record is torn nothing that was whole is lost.
func TestRecordingOfARecording(t *testing.T) {
	inner := record(t, few[:1])
	outer := []datagram.Datagram{{Payload: append(bytes.Clone(inner), inner[:len(inner)-1]...), From: few[0].From, Received: 1}}
	p := record(t, outer)
	f := file(p)
	got, err := all(f)
	require.NoError(t, err)
	require.Equal(t, outer, got)
	require.Zero(t, f.Counts().Torn)

	got, err = all(file(append(p[:len(p)-1], record(t, few[2:])...)))
	require.NoError(t, err)
	require.Equal(t, few[2], got[len(got)-1])
}

// TestFullDiskOfAnyKind counts what a compressor had taken.
func TestFullDiskOfAnyKind(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	for _, ending := range []string{"", ".gz", ".zst"} {
		path := filepath.Join(t.TempDir(), "full"+ending)
		require.NoError(t, os.Symlink("/dev/full", path))
		r, err := datagram.Create(path)
		require.NoError(t, err)
		for range 100 {
			_ = r.Write(&datagram.Datagram{Payload: make([]byte, 5000), From: few[0].From})
		}
		require.Error(t, r.Close())
		require.EqualValues(t, 100, r.Lost(), ending)
	}
}

// TestFullDisk has a disk take so many bytes and no more: what is not counted as
// lost can be read, and the next run goes on behind it.
func TestFullDisk(t *testing.T) {
	big := datagram.Datagram{Payload: bytes.Repeat([]byte("x"), 50_000), From: few[0].From, Received: 1}
	for limit := 0; limit < 320_000; limit += 9_973 {
		d := &disk{left: limit}
		r := datagram.NewRecorder(d)
		written := 0
		for range 6 {
			_ = r.Write(&big)
			written++
		}
		err := r.Close()
		require.Equal(t, d.full, errors.Is(err, errFull))
		require.Equal(t, d.full, r.Lost() > 0)
		got, err := all(file(append(d.Bytes(), record(t, few[2:])...)))
		require.NoError(t, err, limit)
		require.EqualValues(t, written, r.Lost()+uint64(len(got)-1), limit)
	}
}

// disk takes so many bytes.
type disk struct {
	bytes.Buffer
	left int
	full bool
}

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.left)
	d.left -= n
	_, _ = d.Buffer.Write(p[:n])
	if n < len(p) {
		d.full = true
		return n, errFull
	}
	return n, nil
}

var _ io.Writer = (*disk)(nil)

// FuzzTorn cuts something out of a recording between two sections, and puts
// something in: both sections are read as far as they are left.
func FuzzTorn(f *testing.F) {
	first, second := record(f, few[:2]), record(f, few[2:])
	f.Add(uint16(10), []byte{})
	f.Add(uint16(len(first)), first[:20])
	f.Add(uint16(40), make([]byte, 64))
	f.Fuzz(func(t *testing.T, cut uint16, junk []byte) {
		p := append(bytes.Clone(first[:min(int(cut), len(first))]), junk...)
		in := file(append(p, second...))
		got, err := all(in)
		if len(p) > 0 && p[0] != first[0] {
			return // a capture
		}
		require.NoError(t, err)
		require.Equal(t, few[2], got[len(got)-1])
		require.LessOrEqual(t, in.Counts().TornBytes, uint64(len(p)))
	})
}
