package direction

import (
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/internal/prefixset"
	"github.com/flowpipeline/pipeline/internal/reload"
)

// Option tells prefixes of the own network.
type Option func(*config)

type config struct {
	prefixset.Config
	replace bool
}

// Prefixes adds prefixes.
func Prefixes(p ...netip.Prefix) Option {
	return func(c *config) { c.Prefixes = append(c.Prefixes, p...) }
}

// File adds the prefixes of a file: CSV of which the first column counts, or that
// which a first row calls "prefix", or JSON, as package transform/subnet describes.
// It is read again when it has changed; while it is bad the old prefixes stay.
func File(path string) Option {
	return func(c *config) { c.Files = append(c.Files, path) }
}

// Replace takes the direction out of flows that have none by the prefixes.
func Replace() Option { return func(c *config) { c.replace = true } }

// Reload is how often files are looked at; the default is a minute.
func Reload(every time.Duration) Option { return func(c *config) { c.Every = every } }

func newConfig(opts []Option) config {
	c := config{Config: prefixset.Config{Every: reload.DefaultEvery}}
	for _, o := range opts {
		o(&c)
	}
	return c
}
