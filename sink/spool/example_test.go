package spool_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/sink/spool"
)

// A first run has a target that is away; the next one delivers what it left.
func ExampleTo() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	away := sink.Func("away", func(*flow.Batch) error { return errors.New("connection refused") })
	err = pipeline.From(pipelinetest.Generate(1000, 1)).
		To(spool.To(away, dir, spool.MaxBytes(1<<30), spool.OnFull(pipeline.DropOldest))).
		Run(context.Background())
	fmt.Println("first run:", err)

	back := sink.Count()
	err = pipeline.From(pipelinetest.Generate(500, 2)).
		To(spool.To(back, dir)).
		Run(context.Background())
	fmt.Println("second run:", err, back.Flows(), "flows")
	// Output:
	// first run: <nil>
	// second run: <nil> 1500 flows
}
