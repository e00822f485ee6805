package rpki_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

func ExampleValidate() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := pipeline.From(netflow.Listen(":2055")).
		Through(rpki.Validate(
			rpki.RTR("tls://cache-a.example.net", "tcp://cache-b.example.net:3323"),
			rpki.SLURM("/etc/rpki/slurm.json"),
		)).
		Switch(
			pipeline.When(filter.Expr("rpki invalid"), pipeline.To(sink.Flowdump(os.Stdout, sink.Highlight(), sink.Verbose()))),
			pipeline.Otherwise(pipeline.To(sink.Flowdump(os.Stdout))),
		).
		Run(ctx)
	if err != nil {
		fmt.Println(err)
	}
}

func ExampleJSONData() {
	var fl flow.Flow
	fl.SetDstAddr(flow.MustParseAddr("192.0.2.7"))
	fl.SetDstPrefixLen(25)
	fl.SetDstAS(64496)
	vrps := []byte(`{"roas": [{"asn": "AS64496", "prefix": "192.0.2.0/24", "maxLength": 24}]}`)
	err := pipeline.From(source.Flows(fl)).
		Through(rpki.Validate(rpki.JSONData("vrps.json", vrps))).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"dst_addr":"192.0.2.7","dst_as":64496,"dst_net":25,"dst_rpki":3,"dst_rpki_reason":2}
}
