package mrt_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/replay"
	"github.com/flowpipeline/pipeline/transform/bgp/mrt"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

func ExampleOpen() {
	rib, err := mrt.Open("rib.20260101.0000.bz2")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = pipeline.From(replay.File("exports.pcap")).
		Through(rpki.Validate(rpki.JSON("vrps.json"), rpki.Routes(rib))).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
}
