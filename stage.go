package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

// Opener is a stage that takes hold of something before the first flow: a file,
// a socket, a data base. Open is called once, in the order of the flow; ctx ends
// when Open must give up.
type Opener interface {
	Open(ctx context.Context, env Env) error
}

// Closer is a stage that has something to finish. Close is called once after the
// last flow, in the order of the flow, if and only if Open succeeded or there is
// none; when a stage fails to open, those behind it are not reached. A sink that retained batches finishes them first. ctx ends when the drain
// timeout is over.
type Closer interface {
	Close(ctx context.Context) error
}

// Settler is a stage that has something to do once it is known what became of
// every flow: a source that commits what it read. Settle is called once after all
// stages were closed, and what was left in them was released, if Open succeeded or
// there is none. ctx ends when the drain timeout is over.
type Settler interface {
	Settle(ctx context.Context) error
}

// Extended is a stage that uses fields of its own.
type Extended interface {
	Extensions() []flow.Extender
}

// Binder is a stage that knows fields by their names: Build calls Bind once, with
// the fields of the pipeline. It does no input or output; its error is one of the
// mistakes that Build reports.
type Binder interface {
	Bind(l *flow.Layout) error
}

// Env is what the pipeline hands a stage when it opens.
type Env struct {
	Stage   string        // the stage's name
	Logger  *slog.Logger  // says which stage speaks; never nil
	Clock   Clock         // the pipeline's clock; a batch's Now is cheaper
	Symbols *flow.Symbols // the table of the flows' symbols
	Layout  *flow.Layout  // the fields beyond the schema

	counters *counterSet
	stageCtx context.Context // ends with the drain timeout
}

// Counter returns a counter that shows in the stage's statistics under name. The
// same name gives the same counter. A stage that can lose or refuse something
// counts it here. It never returns nil, even on a zero Env.
func (e Env) Counter(name string) *Counter {
	if e.counters == nil {
		return new(Counter)
	}
	return e.counters.get(name)
}

// Counter counts events of a stage. It may be used concurrently.
type Counter struct{ n atomic.Uint64 }

// Add counts n more.
func (c *Counter) Add(n uint64) { c.n.Add(n) }

// Load returns the count.
func (c *Counter) Load() uint64 { return c.n.Load() }

// Specs are descriptions of stages. They satisfy the stage interfaces so that
// they can stand in a plan, but only Build can turn them into a stage that works.

var errSpec = errors.New("only a description of a stage: it works inside a pipeline")

type sourceSpec struct {
	name string
	make func() (Source, error)
}

func (s *sourceSpec) Read(context.Context, *flow.Batch) error { return errSpec }

type transformSpec struct {
	name string
	make func() (Transform, error)
}

func (s *transformSpec) Process(context.Context, *flow.Batch) error { return errSpec }

type sinkSpec struct {
	name string
	make func() (Sink, error)
}

func (s *sinkSpec) Write(context.Context, *flow.Batch) error { return errSpec }

func resolveSource(s Source) (string, Source, error) {
	if spec, ok := s.(*sourceSpec); ok {
		s, err := spec.make()
		if err == nil {
			_, s, err = resolveSource(s)
		}
		return spec.name, s, err
	}
	return stageName(s), s, checkStage(s)
}

func resolveTransform(t Transform) (string, Transform, error) {
	if spec, ok := t.(*transformSpec); ok {
		t, err := spec.make()
		if err == nil {
			_, t, err = resolveTransform(t)
		}
		return spec.name, t, err
	}
	return stageName(t), t, checkStage(t)
}

func resolveSink(s Sink) (string, Sink, error) {
	if spec, ok := s.(*sinkSpec); ok {
		s, err := spec.make()
		if err == nil {
			_, s, err = resolveSink(s)
		}
		return spec.name, s, err
	}
	return stageName(s), s, checkStage(s)
}

func checkStage(stage any) error {
	if stage == nil {
		return errors.New("stage is nil")
	}
	if v := reflect.ValueOf(stage); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("stage is a nil %T", stage)
	}
	return nil
}

// stageName returns what a stage calls itself, or its type without the path.
func stageName(stage any) string {
	if checkStage(stage) != nil {
		return "nil"
	}
	if s, ok := stage.(fmt.Stringer); ok {
		return s.String()
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", stage), "*")
}
