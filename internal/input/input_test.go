package input_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline/internal/input"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func zst(text string) string {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	return string(w.EncodeAll([]byte(text), nil))
}

func TestOpenByContent(t *testing.T) {
	long := strings.Repeat("hello\n", 10000)
	for name, content := range map[string]string{
		"plain": long, "gzip": gz(long), "zstd": zst(long), "gzip members": gz(long[:6000]) + gz(long[6000:]), "zstd frames": zst(long[:6000]) + zst(long[6000:]),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			r, err := input.Open(path)
			require.NoError(t, err)
			require.False(t, r.Waits())
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Equal(t, long, string(got))
			require.NoError(t, r.Close())

			one := input.New("one byte at a time", io.MultiReader(strings.NewReader(content[:1]), strings.NewReader(content[1:2]), strings.NewReader(content[2:])))
			got, err = io.ReadAll(one)
			require.NoError(t, err)
			require.Equal(t, long, string(got))
			require.NoError(t, one.Close())
		})
	}
	for _, short := range []string{"", "\x1f", "\x28\xb5", "x"} {
		r := input.New("short", strings.NewReader(short))
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, short, string(got))
	}
}

func TestOpenErrors(t *testing.T) {
	_, err := input.Open("/no/such/file")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "/no/such/file")
	_, err = input.Open(t.TempDir())
	require.ErrorContains(t, err, "is a directory")

	for _, whole := range []string{gz(strings.Repeat("hello", 100)), zst(strings.Repeat("hello", 100))} {
		path := filepath.Join(t.TempDir(), "cut")
		require.NoError(t, os.WriteFile(path, []byte(whole[:len(whole)-6]), 0o600))
		r, err := input.Open(path)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.ErrorContains(t, err, path)
		require.NoError(t, r.Close())
	}
}

// pipes returns a pipe that the runtime polls and one that it does not, as
// standard input is.
func pipes(t *testing.T) map[string][2]*os.File {
	polled, into, err := os.Pipe()
	require.NoError(t, err)
	var fds [2]int
	require.NoError(t, syscall.Pipe(fds[:]))
	m := map[string][2]*os.File{
		"polled":     {polled, into},
		"not polled": {os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe")},
	}
	t.Cleanup(func() {
		for _, p := range m {
			p[0].Close()
			p[1].Close()
		}
	})
	return m
}

func TestPipeCanBeLeft(t *testing.T) {
	for name, p := range pipes(t) {
		t.Run(name, func(t *testing.T) {
			r := input.New(name, p[0])
			require.True(t, r.Waits())
			buf := make([]byte, 100)

			_, err := r.ReadContext(t.Context(), time.Now().Add(time.Millisecond), buf)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)

			_, err = io.WriteString(p[1], "hello")
			require.NoError(t, err)
			n, err := r.ReadContext(t.Context(), time.Now().Add(time.Hour), buf)
			require.NoError(t, err)
			require.Equal(t, "hello", string(buf[:n]))

			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			_, err = r.ReadContext(ctx, time.Time{}, buf)
			require.ErrorIs(t, err, context.Canceled)

			_, err = io.WriteString(p[1], "again")
			require.NoError(t, err)
			n, err = r.ReadContext(t.Context(), time.Time{}, buf)
			require.NoError(t, err)
			require.Equal(t, "again", string(buf[:n]))

			_, err = io.WriteString(p[1], "there")
			require.NoError(t, err)
			over := time.Unix(0, 0)
			require.Eventually(t, func() bool { // a slow machine may miss the moment
				n, err = r.ReadContext(t.Context(), over, buf)
				return err == nil
			}, 10*time.Second, time.Millisecond)
			require.Equal(t, "there", string(buf[:n]))
			_, err = r.ReadContext(t.Context(), over, buf)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)

			require.NoError(t, p[1].Close())
			_, err = r.ReadContext(t.Context(), time.Time{}, buf)
			require.Equal(t, io.EOF, err)
			require.NoError(t, r.Close())
		})
	}
}

func TestCompressedPipeCanBeLeft(t *testing.T) {
	for name, p := range pipes(t) {
		t.Run(name, func(t *testing.T) {
			half := gz(strings.Repeat("hello", 1000))[:20]
			_, err := io.WriteString(p[1], half)
			require.NoError(t, err)
			r := input.New(name, p[0])
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			for err = nil; err == nil; {
				_, err = r.ReadContext(ctx, time.Time{}, make([]byte, 1000))
			}
			require.ErrorIs(t, err, context.Canceled)
			require.NoError(t, r.Close())
		})
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReaderWithoutProgress(t *testing.T) {
	_, err := input.New("stuck", stuck{}).Read(make([]byte, 10))
	require.ErrorIs(t, err, io.ErrNoProgress)
}
