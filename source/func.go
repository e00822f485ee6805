package source

import (
	"context"
	"fmt"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Func makes a source of a function, which keeps to the contract of
// pipeline.Source. All runs of the plan share the function.
func Func(name string, read func(ctx context.Context, b *flow.Batch) error) pipeline.Source {
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		if read == nil {
			return nil, errNil("function")
		}
		return pipeline.SourceFunc(read), nil
	})
}

func errNil(what string) error { return fmt.Errorf("the %s is nil", what) }
