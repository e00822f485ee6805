package remoteaddress_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/remoteaddress"
)

func ExampleCIDR() {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("10.0.0.1"))
	err := pipeline.From(source.Flows(fl)).
		Through(remoteaddress.CIDR(remoteaddress.Prefixes(netip.MustParsePrefix("192.0.2.0/24")))).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"192.0.2.1","dst_addr":"10.0.0.1","remote_addr":1}
}

func ExampleBorder() {
	var fl flow.Flow
	fl.SetDirection(flow.DirectionEgress)
	err := pipeline.From(source.Flows(fl)).Through(remoteaddress.Border()).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"flow_direction":1,"remote_addr":2}
}
