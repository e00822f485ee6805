package subnet

import (
	"errors"
	"time"

	"github.com/flowpipeline/pipeline/internal/reload"
)

// Option changes how a list is used.
type Option func(*config)

type config struct {
	path  string
	every time.Duration
}

// Reload is how often the file is looked at; the default is a minute.
func Reload(every time.Duration) Option { return func(c *config) { c.every = every } }

func newConfig(path string, opts []Option) (config, error) {
	c := config{path, reload.DefaultEvery}
	for _, o := range opts {
		o(&c)
	}
	var err error
	if path == "" {
		err = errors.New("the path of the list is empty")
	}
	return c, errors.Join(err, reload.CheckEvery(c.every))
}
