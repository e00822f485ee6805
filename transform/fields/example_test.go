package fields_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/fields"
)

// flows is one flow.
func flows() pipeline.Source {
	var fl flow.Flow
	fl.SetSrcPort(443)
	fl.SetSrcMAC(flow.MAC{0, 0x1b, 0x21, 1, 2, 3})
	fl.SetBytes(1500)
	return source.Flows(fl)
}

func ExampleKeep() {
	err := pipeline.From(flows()).Through(fields.Keep("src_port", "dst_port")).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_port":443}
}

func ExampleDrop() {
	err := pipeline.From(flows()).Through(fields.Drop("src_mac", "dst_mac")).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"bytes":1500,"src_port":443}
}
