package asn_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/asn"
)

func ExampleLookup() {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("1.0.5.7"))
	err := pipeline.From(source.Flows(fl)).
		Through(asn.Lookup(asn.IPtoASN("testdata/ip2asn.tsv"))).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"1.0.5.7","src_as":64497,"src_as_name":"EXAMPLE-B"}
}
