// Command service embeds two pipelines at once, as a service of somebody else
// would.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

func numbers(n int) pipeline.Source {
	return pipeline.NewSource("numbers", func() (pipeline.Source, error) {
		left := n
		return pipeline.SourceFunc(func(_ context.Context, b *flow.Batch) error {
			for ; left > 0 && !b.Full(); left-- {
				b.Next().SetBytes(uint64(left))
			}
			if left == 0 {
				return io.EOF
			}
			return nil
		}), nil
	})
}

func main() {
	even := filter.Func("even", func(fl *flow.Flow) bool { return fl.Bytes%2 == 0 })
	var counts [2]int
	count := func(i int) pipeline.Sink {
		return pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
			counts[i] += b.Len()
			return nil
		})
	}
	plans := []*pipeline.Plan{
		pipeline.From(numbers(1000)).To(count(0)),
		pipeline.From(numbers(1000)).Filter(even).To(count(1)),
	}
	var work sync.WaitGroup
	for _, p := range plans {
		work.Go(func() {
			if err := p.Run(context.Background()); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
	work.Wait()
	fmt.Fprintf(os.Stdout, "first %d flows, second %d flows\n", counts[0], counts[1])
}
