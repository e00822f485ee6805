package geo

import (
	"errors"
	"time"

	"github.com/flowpipeline/pipeline/internal/reload"
)

// Option changes what is looked up.
type Option func(*config)

type config struct {
	paths    []string
	sides    Side
	language string
	replace  bool
	verify   bool
	every    time.Duration
}

// Side is a set of sides of a flow.
type Side uint8

// The sides of a flow. Remote is what RemoteSide says; it has a country alone.
const (
	Src Side = 1 << iota
	Dst
	Remote
)

// Also adds a database. Where several know a value, the one given first tells.
func Also(database string) Option {
	return func(c *config) { c.paths = append(c.paths, database) }
}

// Sides sets only the fields of the given sides; the default is
// Src | Dst | Remote.
func Sides(s Side) Option { return func(c *config) { c.sides = s } }

// Language is the language of cities' names, as the database calls it: "de",
// "pt-BR". A city without a name in it has none.
func Language(tag string) Option { return func(c *config) { c.language = tag } }

// ReplaceAS sets the AS that the database tells where the flow has one already.
func ReplaceAS() Option { return func(c *config) { c.replace = true } }

// Verify has each database read whole before it is used, and refused where anything
// in it is wrong. It takes seconds for a large one.
func Verify() Option { return func(c *config) { c.verify = true } }

// Reload is how often files are looked at; the default is a minute.
func Reload(every time.Duration) Option { return func(c *config) { c.every = every } }

func newConfig(database string, opts []Option) (config, error) {
	c := config{paths: []string{database}, sides: Src | Dst | Remote, language: "en", every: reload.DefaultEvery}
	for _, o := range opts {
		o(&c)
	}
	var errs []error
	for _, path := range c.paths {
		if path == "" {
			errs = append(errs, errors.New("the path of a database is empty"))
		}
	}
	if c.sides == 0 || c.sides > Src|Dst|Remote {
		errs = append(errs, errors.New("Sides: give Src, Dst or Remote"))
	}
	return c, errors.Join(append(errs, reload.CheckEvery(c.every))...)
}
