package protonames_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/protonames"
)

// web is a flow to a web server.
func web() pipeline.Source {
	var fl flow.Flow
	fl.SetProto(6)
	fl.SetDstPort(443)
	return source.Flows(fl)
}

func ExampleProtocols() {
	err := pipeline.From(web()).Through(protonames.Protocols()).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"proto":6,"dst_port":443,"proto_name":"TCP"}
}

func ExampleServices() {
	err := pipeline.From(web()).Through(protonames.Services()).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"proto":6,"dst_port":443,"application_name":"https"}
}
