package subnet_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/subnet"
)

// flows is one flow between two of the networks in testdata.
func flows() pipeline.Source {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.7"))
	fl.SetDstAddr(flow.MustParseAddr("2001:db8:1::7"))
	fl.SetRemoteSide(flow.SideDst)
	return source.Flows(fl)
}

func ExampleCustomers() {
	err := pipeline.From(flows()).Through(subnet.Customers("testdata/customers.csv")).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"192.0.2.7","dst_addr":"2001:db8:1::7","cid":7,"src_cid":7,"dst_cid":8,"cid_string":"Example Ltd","remote_addr":2}
}

func ExampleNetworks() {
	err := pipeline.From(flows()).Through(subnet.Networks("testdata/networks.json")).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"192.0.2.7","dst_addr":"2001:db8:1::7","net_id":1,"net_name":"office","src_net_id":1,"src_net_name":"office","remote_addr":2}
}
