package rdns

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

const (
	queueLen   = 4096             // requests that wait
	failureTTL = 30 * time.Second // after which a failure is tried again
	leastTTL   = time.Second      // or an address would be asked for with each batch
)

// Names returns a transform that sets the DNS names of addresses.
func Names(opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("rdns", func() (pipeline.Transform, error) {
		c, err := newConfig(opts)
		return &resolver{config: c}, err
	})
}

type resolver struct {
	config
	cache *cache
	queue chan *entry
	log   *slog.Logger
	work  sync.WaitGroup
	stop  context.CancelFunc

	named, unnamed, queries, noName, failed, leftOut *pipeline.Counter
	failing                                          sync.Once // that the log says so
}

// Concurrent implements pipeline.Concurrent.
func (r *resolver) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (r *resolver) Open(_ context.Context, env pipeline.Env) error {
	servers := r.servers
	if len(servers) == 0 {
		var err error
		if servers, err = systemServers(); err != nil {
			return err
		}
	}
	r.named, r.unnamed, r.queries = env.Counter("named"), env.Counter("unnamed"), env.Counter("queries")
	r.noName, r.failed, r.leftOut = env.Counter("no_name"), env.Counter("failed"), env.Counter("left_out")
	r.cache, r.queue, r.log = newCache(r.size), make(chan *entry, queueLen), env.Logger
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	for range r.parallel {
		r.work.Go(func() { r.serve(ctx, &client{servers: servers, timeout: r.timeout}) })
	}
	return nil
}

// Close implements pipeline.Closer.
func (r *resolver) Close(context.Context) error {
	r.stop()
	r.work.Wait()
	return nil
}

// Process implements pipeline.Transform. It does not wait, and allocates for
// addresses that it does not know.
func (r *resolver) Process(_ context.Context, b *flow.Batch) error {
	now := time.Now().UnixNano()
	var named, unnamed uint64
	for fl := range b.All() {
		for _, n := range r.names {
			addr, _ := b.Addr(fl, n.addr)
			if addr.IsZero() {
				continue
			}
			if name := r.name(addr, now); name != "" {
				b.SetText(fl, n.name, name)
				named++
			} else {
				unnamed++
			}
		}
	}
	r.named.Add(named)
	r.unnamed.Add(unnamed)
	return nil
}

// name returns the name of an address, and "" while it is not known.
func (r *resolver) name(a flow.Addr, now int64) string {
	e := r.cache.find(a)
	if e != nil && (e.until == 0 || now < e.until) {
		return e.name
	}
	asked := r.cache.claim(a, e)
	if asked == nil {
		r.leftOut.Add(1)
		return ""
	}
	select {
	case r.queue <- asked:
	default:
		r.cache.settle(asked, nil)
		r.leftOut.Add(1)
	}
	return ""
}

// serve asks for addresses until ctx ends.
func (r *resolver) serve(ctx context.Context, c *client) {
	for {
		select {
		case asked := <-r.queue:
			if ctx.Err() != nil {
				return
			}
			r.cache.settle(asked, r.resolve(ctx, c, asked.addr))
		case <-ctx.Done():
			return
		}
	}
}

func (r *resolver) resolve(ctx context.Context, c *client, a flow.Addr) *entry {
	r.queries.Add(1)
	known, err := c.ask(ctx, a)
	switch {
	case err != nil:
		known.ttl = failureTTL
		r.failed.Add(1)
		if ctx.Err() == nil {
			r.failing.Do(func() {
				r.log.Warn("names cannot be asked for; further failures are only counted", "address", a, "error", err)
			})
		}
	case known.name == "":
		r.noName.Add(1)
	}
	return &entry{addr: a, name: known.name, until: time.Now().Add(max(known.ttl, leastTTL)).UnixNano()}
}
