package replay

import (
	"errors"
	"io"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/input"
)

// File returns a source that reads the recording or capture at path; "-" is the
// standard input. It opens the file when the pipeline opens, and ends with io.EOF
// after the last flow.
//
// A file that is cut off or malformed ends the run with an error that names the
// file and the byte offset, after the flows of everything before it. A recording
// that a crash tore, and that the next run appended to, is read on where that run
// began, also when it is compressed; what is torn is counted and logged. A datagram that is malformed is counted
// and costs nothing else.
func File(path string, opts ...Option) pipeline.Source {
	name := "replay(" + path + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		if path == "" {
			return nil, errors.New("the path of the recording is empty")
		}
		return newSource(name, opts, func() (*input.Reader, error) { return input.Open(path) })
	})
}

// Reader returns a source that reads as File does, but from r, which errors call
// by name. It does not close r. A plan with it can be run once only, because r can
// be read once only.
func Reader(name string, r io.Reader, opts ...Option) pipeline.Source {
	stage := "replay(" + name + ")"
	return pipeline.NewSource(stage, func() (pipeline.Source, error) {
		if r == nil {
			return nil, errors.New("the reader is nil")
		}
		return newSource(stage, opts, func() (*input.Reader, error) { return input.New(name, r), nil })
	})
}

func newSource(name string, opts []Option, open func() (*input.Reader, error)) (pipeline.Source, error) {
	o := options{}
	for _, opt := range opts {
		opt(&o)
	}
	o.file.Open = open
	o.file.Protocols = collector.Protocols{NetFlow: &o.netflow, SFlow: &o.sflow}
	return collector.NewFile(name, o.file)
}
