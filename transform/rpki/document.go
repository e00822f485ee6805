package rpki

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/input"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// firstRetry is after how long a document is tried again that could not be read;
// it doubles up to the interval of Reload.
const firstRetry = 5 * time.Second

// document is a file or URL that is read again when it has changed.
type document struct {
	place  place
	bytes  int64                 // the most
	use    func(io.Reader) error // takes the content over
	log    *slog.Logger
	failed *pipeline.Counter

	taken   bool    // over, once at least
	seen    version // of what was taken over last
	failing bool    // the log says so
}

// exported has a source of a database be what a validator exports.
func exported(d *database, source int) func(io.Reader) error {
	return func(r io.Reader) error {
		set, err := vrp.ReadJSON(r)
		if err == nil {
			d.tell(source, set, true)
		}
		return err
	}
}

// exceptions has a database make the local exceptions of a document.
func exceptions(d *database) func(io.Reader) error {
	return func(r io.Reader) error {
		s, err := vrp.ReadSLURM(r)
		if err == nil {
			d.except(s)
		}
		return err
	}
}

// read takes the document over, unless it is as it was.
func (d *document) read(ctx context.Context) error {
	content, v, err := d.place.open(ctx, d.seen)
	if err != nil || content == nil {
		return err
	}
	defer func() { _ = content.Close() }()
	in := input.New("content", content)
	defer func() { _ = in.Close() }()
	if err := d.use(&bounded{in: in, most: d.bytes}); err != nil {
		return fmt.Errorf("%v: %w", d.place, err)
	}
	d.seen, d.taken = v, true
	return nil
}

// follow reads the document until ctx ends, at once if it was not yet.
func (d *document) follow(ctx context.Context, every time.Duration) {
	next := every
	if !d.taken {
		next = 0
	}
	t := time.NewTimer(next)
	defer t.Stop()
	for failures := 0; ; {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		err := d.read(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures, next = 0, every
		default:
			next = min(every, firstRetry<<min(failures, 16))
			failures++
		}
		d.note(err)
		t.Reset(next)
	}
}

// note counts a failure, and logs when failures begin and end.
func (d *document) note(err error) {
	if err != nil {
		d.failed.Add(1)
	}
	switch failing := err != nil; {
	case failing && !d.failing:
		d.log.Warn("VRPs cannot be read; those that there are stay", "error", err)
	case !failing && d.failing:
		d.log.Info("VRPs can be read again", "from", d.place)
	}
	d.failing = err != nil
}

// bounded is an error where more than most bytes come.
type bounded struct {
	in         io.Reader
	most, have int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.have += int64(n); b.have > b.most {
		return 0, fmt.Errorf("it is longer than %d bytes", b.most)
	}
	return n, err
}
