package normalize

import (
	"errors"
	"net/netip"

	"github.com/flowpipeline/pipeline/internal/samplingrate"
)

// Option says what the rate is where a flow does not tell.
type Option func(*config)

type config struct {
	fallback *uint32
	rules    samplingrate.Rules
}

// Fallback is the rate, 1 in n packets, of flows that do not tell one.
func Fallback(n uint32) Option { return func(c *config) { c.fallback = &n } }

// FallbackFor is Fallback for the exporters in a prefix. Of several that an exporter
// is in the longest counts.
func FallbackFor(exporters netip.Prefix, n uint32) Option {
	return func(c *config) { c.rules = append(c.rules, samplingrate.Rule{Prefix: exporters, Rate: n}) }
}

func newConfig(opts []Option) (config, error) {
	var c config
	for _, o := range opts {
		o(&c)
	}
	err := c.rules.Check()
	if c.fallback != nil && *c.fallback == 0 {
		err = errors.Join(errors.New("Fallback: a rate of 0 makes no sense"), err)
	}
	return c, err
}
