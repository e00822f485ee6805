package reload

import (
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = pipeline.Env{Logger: slog.New(slog.DiscardHandler)}

// content takes a file over; "bad" is refused.
type content struct{ text atomic.Value }

func (c *content) use(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil && string(b) == "bad" {
		err = errors.New("line 1: bad")
	}
	if err == nil {
		c.text.Store(string(b))
	}
	return err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	next := path + ".next"
	require.NoError(t, os.WriteFile(next, []byte(text), 0o600))
	require.NoError(t, os.Rename(next, path))
}

func TestReadsAgainWhatHasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "first")
	var c content
	f, err := Start(quiet, time.Millisecond, File{path, c.use})
	require.NoError(t, err)
	defer f.Stop()
	require.Equal(t, "first", c.text.Load())
	write(t, path, "second")
	require.Eventually(t, func() bool { return c.text.Load() == "second" }, time.Minute, time.Millisecond)
}

func TestKeepsTheLastGoodContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "good")
	var c content
	f, err := Start(quiet, time.Millisecond, File{path, c.use})
	require.NoError(t, err)
	defer f.Stop()
	write(t, path, "bad")
	failed := func(more uint64) func() bool {
		before := f.failed.Load()
		return func() bool { return f.failed.Load() >= before+more }
	}
	require.Eventually(t, failed(2), time.Minute, time.Millisecond)
	require.NoError(t, os.Remove(path))
	require.Eventually(t, failed(2), time.Minute, time.Millisecond)
	require.Equal(t, "good", c.text.Load())
	write(t, path, "better")
	require.Eventually(t, func() bool { return c.text.Load() == "better" }, time.Minute, time.Millisecond)
}

func TestAFileThatIsAsItWasIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "same")
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	var c content
	f := followed{File: File{path, c.use}}
	changed, err := f.read()
	require.True(t, changed)
	require.NoError(t, err)
	changed, err = f.read()
	require.False(t, changed)
	require.NoError(t, err)
	require.NoError(t, os.Chtimes(path, old, old.Add(time.Second)))
	changed, err = f.read()
	require.True(t, changed)
	require.NoError(t, err)
}

func TestStartTellsWhichFileIsBad(t *testing.T) {
	dir := t.TempDir()
	var c content
	_, err := Start(quiet, time.Hour, File{filepath.Join(dir, "missing"), c.use})
	require.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(dir, "file")
	write(t, path, "bad")
	_, err = Start(quiet, time.Hour, File{path, c.use})
	require.EqualError(t, err, path+": line 1: bad")
}

func TestReadsCompressedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.gz")
	var b strings.Builder
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, "packed")
	require.NoError(t, err)
	require.NoError(t, z.Close())
	write(t, path, b.String())
	var c content
	f, err := Start(quiet, time.Hour, File{path, c.use})
	require.NoError(t, err)
	f.Stop()
	require.Equal(t, "packed", c.text.Load())
}

func TestRetriesSlowDown(t *testing.T) {
	f := &Files{every: time.Minute, retry: firstRetry, log: quiet.Logger, failed: new(pipeline.Counter)}
	f.list = []*followed{{File: File{Path: filepath.Join(t.TempDir(), "missing")}}}
	var waits []time.Duration
	for range 6 {
		f.look()
		waits = append(waits, f.wait)
	}
	require.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute}, waits)
}

func TestALongFileIsAnError(t *testing.T) {
	b := bounded{in: strings.NewReader("12345"), left: 4}
	_, err := io.ReadAll(&b)
	require.ErrorContains(t, err, "longer than")
}
