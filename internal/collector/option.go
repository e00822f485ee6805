package collector

import "errors"

// Option changes how a live source receives and decodes. The options of the public
// sources are Options.
type Option interface {
	Apply(*Config)
}

// Listen returns a source that receives what c says, as opts change it, at
// addresses with one of the schemes. It opens nothing yet.
func Listen[O Option](name string, c Config, opts []O, schemes []string, addresses ...string) (*Live, error) {
	for _, opt := range opts {
		opt.Apply(&c)
	}
	var errs []error
	for _, text := range addresses {
		a, err := ParseAddress(text, schemes...)
		errs = append(errs, err)
		c.Addresses = append(c.Addresses, a)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return NewLive(name, c)
}

// OrMistake keeps a given 0 from meaning the default.
func OrMistake[T ~int | ~int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}
