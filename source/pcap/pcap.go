package pcap

import (
	"errors"
	"io"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/input"
)

// File returns a source that reads the capture at path, which may be compressed
// with gzip or zstd; "-" is the standard input. It opens the file when the
// pipeline opens, and ends with io.EOF after the last flow.
//
// A capture that is cut off or malformed ends the run with an error that names
// the file and the byte offset, after the flows of everything before it.
func File(path string, opts ...Option) pipeline.Source {
	name := "pcap(" + path + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		if path == "" {
			return nil, errors.New("the path of the capture is empty")
		}
		return newSource(name, path, opts, func() (*input.Reader, error) { return input.Open(path) })
	})
}

// Reader returns a source that reads a capture as File does, but from r, which
// errors call by name. It does not close r. A plan with it can be run once only,
// because r can be read once only.
//
// When r is an *os.File or has a SetReadDeadline method, as a connection has, a
// quiet capture holds up neither the flows that have ended nor the end of the
// run.
func Reader(name string, r io.Reader, opts ...Option) pipeline.Source {
	stage := "pcap(" + name + ")"
	return pipeline.NewSource(stage, func() (pipeline.Source, error) {
		if r == nil {
			return nil, errors.New("the reader is nil")
		}
		return newSource(stage, name, opts, func() (*input.Reader, error) { return input.New(name, r), nil })
	})
}

func newSource(stage, name string, opts []Option, open func() (*input.Reader, error)) (*source, error) {
	var c config
	for _, o := range opts {
		o(&c)
	}
	if err := c.table.Check(); err != nil {
		return nil, err
	}
	return &source{stage: stage, name: name, open: open, table: flowtable.New(c.table)}, nil
}
