package collector

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/netflow"
)

const (
	saveSoon  = time.Second // after a template came
	saveLater = time.Minute // after anything
)

// state keeps what is known of exporters in a file, so that after a restart, or
// a crash, data can be decoded at once.
type state struct {
	path   string
	store  *netflow.Store
	env    pipeline.Env
	failed *pipeline.Counter
	fresh  atomic.Bool // a template came since the file was written

	quit chan struct{}
	done sync.WaitGroup
}

// openState loads the file, if it is there, and begins to keep it. A directory
// in which it cannot be written is an error; a file that cannot be read is not.
func openState(path string, store *netflow.Store, env pipeline.Env) (*state, error) {
	s := &state{path: path, store: store, env: env, failed: env.Counter("unsaved_states"), quit: make(chan struct{})}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		err = store.Load(bufio.NewReader(f))
		f.Close()
		if err != nil {
			env.Logger.Warn("not all that was known of exporters could be read", "path", path, "error", err)
		}
	}
	if err := s.save(); err != nil {
		return nil, err
	}
	s.done.Go(s.keep)
	return s, nil
}

func (s *state) keep() {
	tick := time.NewTicker(saveSoon)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-s.quit:
			return
		case now := <-tick.C:
			if s.fresh.Swap(false) || now.Sub(last) >= saveLater {
				last = now
				s.try()
			}
		}
	}
}

func (s *state) try() {
	if err := s.save(); err != nil {
		s.failed.Add(1)
		s.env.Logger.Error("what is known of exporters was not saved", "error", err)
	}
}

// save writes the file anew and puts it in the place of the old one.
func (s *state) save() (err error) {
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err = s.store.Snapshot(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.path)
}

func (s *state) close() {
	close(s.quit)
	s.done.Wait()
	s.try()
}
