package geo_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/geo"
)

func ExampleLookup() {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.142"))
	fl.SetDstAddr(flow.MustParseAddr("2001:db8:3::1"))
	err := pipeline.From(source.Flows(fl)).
		Through(geo.Lookup("testdata/cities.mmdb", geo.Also("testdata/systems.mmdb"))).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"192.0.2.142","dst_addr":"2001:db8:3::1","dst_as":65551,"src_country":"GB","src_city":"London","dst_as_name":"Example Network"}
}
