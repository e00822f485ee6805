package asn

import (
	"time"

	"github.com/flowpipeline/pipeline/internal/reload"
)

// Option changes how a table is used.
type Option func(*config)

type config struct {
	replace bool
	every   time.Duration
}

// Replace sets the AS that the table tells where the flow has one already.
func Replace() Option { return func(c *config) { c.replace = true } }

// Reload is how often the file is looked at; the default is a minute.
func Reload(every time.Duration) Option { return func(c *config) { c.every = every } }

func newConfig(opts []Option) (config, error) {
	c := config{every: reload.DefaultEvery}
	for _, o := range opts {
		o(&c)
	}
	return c, reload.CheckEvery(c.every)
}
