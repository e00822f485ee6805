package direction_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/direction"
	"github.com/flowpipeline/pipeline/transform/remoteaddress"
)

func ExampleLocal() {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.1"))
	err := pipeline.From(source.Flows(fl)).
		Through(direction.Local(direction.Prefixes(netip.MustParsePrefix("192.0.2.0/24"))), remoteaddress.Border()).
		To(sink.JSON(os.Stdout)).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"flow_direction":1,"src_addr":"192.0.2.1","dst_addr":"198.51.100.1","remote_addr":2}
}
