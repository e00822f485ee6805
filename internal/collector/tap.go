package collector

import (
	"context"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/datagram"
)

// recording is the file that the lanes of a source record datagrams in. An error
// ends the recording, and nothing else.
type recording struct {
	mu   sync.Mutex
	rec  *datagram.Recorder
	lost *pipeline.Counter
	env  pipeline.Env
	bad  bool
	told uint64 // datagrams that the counter knows of
}

func newRecording(path string, env pipeline.Env) (*recording, error) {
	rec, err := datagram.Create(path)
	if err != nil {
		return nil, err
	}
	return &recording{rec: rec, env: env, lost: env.Counter("unrecorded_datagrams")}, nil
}

func (r *recording) add(ds []datagram.Datagram) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range ds {
		if err := r.rec.Write(&ds[i]); err != nil {
			r.complain(err)
		}
	}
	r.count()
}

func (r *recording) count() {
	n := r.rec.Lost()
	r.lost.Add(n - r.told)
	r.told = n
}

func (r *recording) complain(err error) {
	if !r.bad {
		r.bad = true
		r.env.Logger.Error("datagrams are no longer recorded", "error", err)
	}
}

func (r *recording) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.rec.Close(); err != nil {
		r.complain(err)
	}
	r.count()
}

// tap records what comes from a receiver.
type tap struct {
	in datagram.Receiver
	to *recording
}

func (t *tap) Receive(ctx context.Context, deadline time.Time) ([]datagram.Datagram, error) {
	ds, err := t.in.Receive(ctx, deadline)
	if err == nil {
		t.to.add(ds)
	}
	return ds, err
}
