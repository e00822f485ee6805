package ebpf

import (
	"strings"

	"github.com/flowpipeline/pipeline"
)

// Device returns a source of the flows that pass a network interface. In place of
// a name there may be a pattern, as path.Match has them: "eth*". Interfaces that
// match it count from when they appear until they go; so does one that is named
// and comes back.
//
// An interface that is named must be there when the pipeline opens, unless Await is
// among the options. The source ends when the run does. On other systems than
// Linux, Build returns an error that wraps errors.ErrUnsupported.
func Device(name string, opts ...Option) pipeline.Source {
	return describe(name, []string{name}, opts)
}

// Devices returns a source of the flows that pass any of several interfaces, as
// Device does. A packet that passes two of them is in two flows, which tell the
// interface. Without names they are all, but for the loopback interface.
func Devices(names []string, opts ...Option) pipeline.Source {
	if len(names) == 0 {
		return describe("all", nil, opts)
	}
	return describe(strings.Join(names, ","), names, opts)
}

func describe(label string, names []string, opts []Option) pipeline.Source {
	label = "ebpf(" + label + ")"
	return pipeline.NewSource(label, func() (pipeline.Source, error) {
		c := defaults()
		c.names = names
		for _, o := range opts {
			o(&c)
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		return newSource(label, c)
	})
}
