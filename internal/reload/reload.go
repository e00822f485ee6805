// Package reload keeps what a stage took from files up to date.
package reload

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline"
)

// DefaultEvery is how often files are looked at unless a stage is told otherwise.
const DefaultEvery = time.Minute

// MaxBytes bounds the length of a file, decompressed. What is longer is an error.
const MaxBytes = 2 << 30

// firstRetry is after how long a file is tried again that could not be read; it
// doubles up to the usual time.
const firstRetry = 5 * time.Second

// File is a file, compressed with gzip or zstd or not, and what becomes of its
// content.
type File struct {
	Path string
	// Use takes the content over, or returns an error and keeps what there was.
	// The uses of one Files are never called at the same time.
	Use func(content io.Reader) error
}

// Files are the files of one stage. Start reads them, and has them read again when
// they have changed, until Stop.
type Files struct {
	list            []*followed
	every           time.Duration
	log             *slog.Logger
	reloads, failed *pipeline.Counter

	wait, retry time.Duration // until the next look, until that after a failure
	work        sync.WaitGroup
	stop        context.CancelFunc
}

// Start reads all files, in order; the first that cannot be read is an error, and
// nothing is left running. The counters reloads and failed_reloads of the stage
// count changed files that were taken over, and attempts to read one that failed.
func Start(env pipeline.Env, every time.Duration, files ...File) (*Files, error) {
	f := &Files{
		every: every, log: env.Logger,
		reloads: env.Counter("reloads"), failed: env.Counter("failed_reloads"),
	}
	for _, file := range files {
		each := &followed{File: file}
		if _, err := each.read(); err != nil {
			return nil, err
		}
		f.list = append(f.list, each)
	}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.work.Go(func() { f.follow(ctx) })
	return f, nil
}

// Stop returns when no file is read any more. It may be called once Start has
// returned no error.
func (f *Files) Stop() {
	f.stop()
	f.work.Wait()
}

func (f *Files) follow(ctx context.Context) {
	f.wait, f.retry = f.every, firstRetry
	t := time.NewTimer(f.wait)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		f.look()
		t.Reset(f.wait)
	}
}

// look reads what has changed, and says when to look again.
func (f *Files) look() {
	failing := false
	for _, each := range f.list {
		changed, err := each.read()
		f.note(each, changed, err)
		failing = failing || err != nil
	}
	if !failing {
		f.wait, f.retry = f.every, firstRetry
		return
	}
	f.wait = min(f.every, f.retry)
	f.retry = min(f.retry*2, f.every)
}

// note counts, and logs when failures of a file begin and end.
func (f *Files) note(each *followed, changed bool, err error) {
	switch {
	case err != nil:
		f.failed.Add(1)
		if !each.failing {
			f.log.Warn("a file cannot be read again; what it told stays in use", "error", err)
		}
	case changed:
		f.reloads.Add(1)
		f.log.Info("a file has changed and was read again", "file", each.Path)
	}
	each.failing = err != nil
}

// CheckEvery returns an error for a time between looks that makes no sense.
func CheckEvery(every time.Duration) error {
	if every <= 0 {
		return fmt.Errorf("reload: every %v makes no sense", every)
	}
	return nil
}
