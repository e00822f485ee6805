package datagram_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/input"
)

func deadline() time.Time { return time.Now().Add(10 * time.Second) }

func file(p []byte, ports ...uint16) *datagram.File {
	return datagram.NewFile(input.New("test", bytes.NewReader(p)), ports...)
}

// all reads to the end.
func all(f datagram.Receiver) (got []datagram.Datagram, err error) {
	for {
		ds, err := f.Receive(context.Background(), deadline())
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		for _, d := range ds {
			d.Payload = bytes.Clone(d.Payload)
			got = append(got, d)
		}
	}
}

var some = []datagram.Datagram{
	{Payload: []byte("one"), From: netip.MustParseAddrPort("192.0.2.1:2055"), Received: 1_700_000_000_123_456_789},
	{Payload: []byte{}, From: netip.MustParseAddrPort("[2001:db8::1]:1"), Received: 0},
	{Payload: []byte("message"), From: netip.MustParseAddrPort("192.0.2.1:4000"), Received: 2, Session: 1_700_000_000_123_456_789},
	{Payload: []byte{}, From: netip.MustParseAddrPort("192.0.2.1:4000"), Received: 3, Session: 1_700_000_000_123_456_789},
	{Payload: bytes.Repeat([]byte("x"), datagram.MaxPayload), From: netip.MustParseAddrPort("[::1]:65535"), Received: 1},
}

func record(t testing.TB, ds []datagram.Datagram) []byte {
	t.Helper()
	var out bytes.Buffer
	r := datagram.NewRecorder(&out)
	for i := range ds {
		require.NoError(t, r.Write(&ds[i]))
	}
	require.NoError(t, r.Close())
	return out.Bytes()
}

func TestRecording(t *testing.T) {
	p := record(t, some)
	got, err := all(file(p))
	require.NoError(t, err)
	require.Equal(t, some, got)

	twice := append(bytes.Clone(p), p...)
	got, err = all(file(twice))
	require.NoError(t, err)
	require.Equal(t, slices.Concat(some, some), got, "sections follow each other")

	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	got, err = all(file(w.EncodeAll(twice, nil)))
	require.NoError(t, err)
	require.Len(t, got, 2*len(some))

	got, err = all(file(record(t, nil)))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestRecordingThatIsCut(t *testing.T) {
	p := record(t, some[:2])
	whole := 0
	for n := 1; n < len(p); n++ {
		got, err := all(file(p[:n]))
		if err == nil {
			whole++
			continue
		}
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, n)
		require.ErrorContains(t, err, "test: truncated at byte", n)
		require.Equal(t, some[:len(got)], append([]datagram.Datagram{}, got...))
	}
	require.Equal(t, 2, whole, "behind the header and behind the first record")
	p[7] = 9
	_, err := all(file(p))
	require.ErrorContains(t, err, "not a recording of version 2")
}

func TestOneByteAtATime(t *testing.T) {
	p := record(t, some)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	go func() {
		for i := range 60 {
			_, _ = w.Write(p[i : i+1])
		}
		_, _ = w.Write(p[60:])
		w.Close()
	}()
	f := datagram.NewFile(input.New("pipe", r))
	var got []datagram.Datagram
	for {
		ds, err := f.Receive(t.Context(), time.Now().Add(100*time.Microsecond))
		if err == io.EOF {
			break
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		require.NoError(t, err)
		for _, d := range ds {
			d.Payload = bytes.Clone(d.Payload)
			got = append(got, d)
		}
	}
	require.Equal(t, some, got)
	require.NoError(t, f.Close())
}

func TestRecorderStopsAtAnError(t *testing.T) {
	r := datagram.NewRecorder(full{})
	require.Greater(t, 3*len(some[4].Payload), 128<<10)
	err := error(nil)
	for i := 0; err == nil; i++ { // as long as they fit in the buffer
		require.Less(t, i, 3)
		err = r.Write(&some[4])
	}
	lost := r.Lost()
	require.NotZero(t, lost)
	for i := range uint64(2) {
		require.Equal(t, lost+i, r.Lost())
		require.ErrorIs(t, r.Write(&some[4]), errFull)
	}
	require.ErrorIs(t, r.Close(), errFull)
	require.Equal(t, lost+2, r.Lost())
	require.ErrorContains(t, datagram.NewRecorder(io.Discard).Write(&datagram.Datagram{Payload: make([]byte, 65536)}), "65536 bytes")
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestPace(t *testing.T) {
	ds := []datagram.Datagram{{Received: 5e9}, {Received: 5e9 + 40e6}, {Received: 5e9 + 20e6}, {Received: 5e9 + 80e6}}
	begin := time.Now()
	got, err := all(datagram.Pace(file(record(t, ds)), 2))
	require.NoError(t, err)
	require.Len(t, got, 4)
	require.GreaterOrEqual(t, time.Since(begin), 40*time.Millisecond)
	require.Equal(t, int64(5e9+80e6), got[3].Received, "times stay")

	p := datagram.Pace(file(record(t, []datagram.Datagram{{Received: 1}, {Received: 3600e9}})), 1)
	_, err = p.Receive(t.Context(), deadline())
	require.NoError(t, err)
	_, err = p.Receive(t.Context(), time.Now().Add(time.Millisecond))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = p.Receive(t.Context(), time.Time{})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	_, err = p.Receive(ctx, time.Now().Add(time.Hour))
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzFile(f *testing.F) {
	f.Add(record(f, some[:2]))
	f.Add(capture(f, frame(1, 0, false, 0, udpPacket(2055, []byte("hello")))))
	f.Fuzz(func(t *testing.T, p []byte) {
		for _, ports := range [][]uint16{nil, {2055}} {
			got, err := all(file(p, ports...))
			total := 0
			for _, d := range got {
				total += len(d.Payload)
			}
			_ = err
			require.True(t, total <= len(p)+64*65536 || bytes.HasPrefix(p, []byte{0x1f}) || bytes.HasPrefix(p, []byte{0x28}))
		}
	})
}
