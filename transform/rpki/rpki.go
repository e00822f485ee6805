package rpki

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/rtr"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// Validate returns a transform that validates the origins of each flow's routes
// with the VRPs of the given sources, of which there must be one.
func Validate(opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("rpki", func() (pipeline.Transform, error) {
		c, err := newConfig(opts)
		if err != nil {
			return nil, err
		}
		return &validator{config: c}, nil
	})
}

type validator struct {
	config
	db    *database
	count [4]*pipeline.Counter // by state

	own  *http.Client // to clean up behind
	work sync.WaitGroup
	stop context.CancelFunc
}

// Concurrent implements pipeline.Concurrent.
func (v *validator) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (v *validator) Open(ctx context.Context, env pipeline.Env) error {
	for state, name := range [...]string{flow.RPKIUnknown: "unknown", flow.RPKIValid: "valid", flow.RPKINotFound: "not_found", flow.RPKIInvalid: "invalid"} {
		v.count[state] = env.Counter(name)
	}
	v.db = newDatabase(env, len(v.caches)+len(v.exports), v.data, v.slurm != nil)
	if v.http == nil {
		v.own = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}}
		v.http = v.own
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	v.stop = stop
	err := v.start(ctx, run, env)
	if err == nil {
		err = v.await(ctx, env)
	}
	if err != nil {
		v.end()
	}
	return err
}

// start reads the files, and has all sources followed until run ends.
func (v *validator) start(ctx, run context.Context, env pipeline.Env) error {
	failed := env.Counter("failed_reloads")
	var documents []*document
	add := func(at place, use func(io.Reader) error) {
		if w, ok := at.(*web); ok {
			at = &web{w.url, v.http}
		}
		documents = append(documents, &document{place: at, bytes: v.bytes, use: use, log: env.Logger, failed: failed})
	}
	for i, at := range v.exports {
		add(at, exported(v.db, i))
	}
	if v.slurm != nil {
		add(v.slurm, exceptions(v.db))
	}
	for _, d := range documents {
		if _, local := d.place.(file); !local {
			continue
		}
		if err := d.read(ctx); err != nil {
			return err
		}
	}
	for _, d := range documents {
		v.work.Go(func() { d.follow(run, v.every) })
	}
	for i, caches := range v.caches {
		client := rtr.New(rtr.Config{
			Caches: caches, Dial: v.dial, TLS: v.tls, Log: env.Logger,
			Update: func(set vrp.Set, ok bool) { v.db.tell(len(v.exports)+i, set, ok) },
			Failed: func(error) { failed.Add(1) },
		})
		v.work.Go(func() { client.Run(run) })
	}
	return nil
}

// await waits until all sources have told their VRPs, or for long enough.
func (v *validator) await(ctx context.Context, env pipeline.Env) error {
	t := time.NewTimer(v.wait)
	defer t.Stop()
	select {
	case <-v.db.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		env.Logger.Warn("flows are not validated yet: not all VRPs have come in time", "waited", v.wait)
		return nil
	}
}

// Close implements pipeline.Closer.
func (v *validator) Close(context.Context) error {
	v.end()
	return nil
}

func (v *validator) end() {
	v.stop()
	v.work.Wait()
	if v.own != nil {
		v.own.CloseIdleConnections()
	}
}
