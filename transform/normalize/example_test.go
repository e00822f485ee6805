package normalize_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/normalize"
)

func ExampleVolume() {
	var fl flow.Flow
	fl.SetExporter(flow.MustParseAddr("192.0.2.1"))
	fl.SetBytes(1500)
	fl.SetPackets(1)
	lab := netip.MustParsePrefix("192.0.2.0/24")
	err := pipeline.From(source.Flows(fl)).
		Through(normalize.Volume(normalize.FallbackFor(lab, 1000))).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"sampling_rate":1000,"sampler_address":"192.0.2.1","bytes":1500000,"packets":1000,"normalized":1}
}
