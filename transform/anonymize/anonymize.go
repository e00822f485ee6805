package anonymize

import (
	"context"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/freelist"
)

// CryptoPAn returns a transform that gives addresses and names pseudonyms by a key
// of 32 bytes, which keep the prefixes that addresses share.
func CryptoPAn(key []byte, opts ...Option) pipeline.Transform {
	byKey := func(c *config) {
		if c.check(key) {
			c.pan, c.pseudonyms = newCryptoPAn(key), derive(key, "pseudonyms")
		}
	}
	return described(append([]Option{byKey}, opts...))
}

// Prefix returns a transform that keeps only the first bits of IPv4 and IPv6
// addresses, and takes MAC addresses and names out.
func Prefix(bits4, bits6 int, opts ...Option) pipeline.Transform {
	return described(append([]Option{Cut(bits4, bits6)}, opts...))
}

func described(opts []Option) pipeline.Transform {
	return pipeline.NewTransform("anonymize", func() (pipeline.Transform, error) { return newAnonymizer(opts) })
}

func newAnonymizer(opts []Option) (*anonymizer, error) {
	c, err := newConfig(opts)
	a := &anonymizer{config: c}
	a.works.New = func() *work { return newWork(&a.config) }
	return a, err
}

type anonymizer struct {
	config
	plan  plan
	works freelist.List[work]
	count counters
}

// counters count what became of values.
type counters struct{ addresses, macs, names, removed *pipeline.Counter }

// Concurrent implements pipeline.Concurrent.
func (a *anonymizer) Concurrent() bool { return true }

// Bind implements pipeline.Binder.
func (a *anonymizer) Bind(l *flow.Layout) (err error) {
	a.plan, err = newPlan(l, a.keep)
	return err
}

// Open implements pipeline.Opener.
func (a *anonymizer) Open(_ context.Context, env pipeline.Env) error {
	a.count = counters{env.Counter("addresses"), env.Counter("macs"), env.Counter("names"), env.Counter("removed")}
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (a *anonymizer) Process(_ context.Context, b *flow.Batch) error {
	w := a.works.Take()
	defer a.works.Give(w)
	for _, f := range a.plan.addrs {
		w.addresses(b, f)
	}
	for _, f := range a.plan.lists {
		w.lists(b, f)
	}
	for _, f := range a.plan.macs {
		w.macs(b, f)
	}
	for _, f := range a.plan.texts { // of what has been changed by now
		w.texts(b, f)
	}
	for _, f := range a.plan.names {
		w.names(b, f)
	}
	for _, f := range a.plan.notes {
		w.remove(b, f)
	}
	w.tell(&a.count)
	return nil
}
