package pcap_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
	"github.com/flowpipeline/pipeline/testdata"
)

func ExampleFile() {
	https := filter.Expr("port 443")
	plan := pipeline.From(pcap.File("../../testdata/web.pcapng")).
		Filter(https).
		To(sink.CSV(os.Stdout, "src_addr", "dst_addr", "in_if", "packets", "bytes"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,dst_addr,in_if,packets,bytes
	// 192.0.2.1,192.0.2.80,1,11,1465
	// 192.0.2.80,192.0.2.1,1,11,26015
}

func ExampleReader() {
	count := sink.Count()
	plan := pipeline.From(pcap.Reader("web.pcap", bytes.NewReader(testdata.Web))).To(count)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows of", count.Packets(), "packets")
	// Output:
	// 29 flows of 132 packets
}

func ExampleActive() {
	plan := pipeline.From(pcap.File("../../testdata/web.pcap", pcap.Active(500*time.Millisecond))).
		Filter(pings).
		To(sink.CSV(os.Stdout, "src_addr", "packets", "flow_end_reason"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,packets,flow_end_reason
	// 192.0.2.1,3,2
	// 192.0.2.1,3,4
}

func ExampleInactive() {
	plan := pipeline.From(pcap.File("../../testdata/web.pcap", pcap.Inactive(100*time.Millisecond))).
		Filter(pings).
		To(sink.CSV(os.Stdout, "src_addr", "packets", "flow_end_reason"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,packets,flow_end_reason
	// 192.0.2.1,1,1
	// 192.0.2.1,1,1
	// 192.0.2.1,1,1
	// 192.0.2.1,3,1
}

func ExampleMaxFlows() {
	pl, err := pipeline.From(pcap.File("../../testdata/web.pcap", pcap.MaxFlows(8))).To(sink.Discard()).Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pl.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	counters := pl.Stats().Stages[0].Counters
	fmt.Println(counters["packets"], "packets,", counters["evicted"], "flows evicted")
	// Output:
	// 134 packets, 21 flows evicted
}

func ExampleStatistics() {
	plan := pipeline.From(pcap.File("../../testdata/web.pcap", pcap.Statistics())).
		Filter(pings).
		To(sink.CSV(os.Stdout, "src_addr", "packets", "packet_bytes_min", "packet_bytes_max"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,packets,packet_bytes_min,packet_bytes_max
	// 192.0.2.1,6,82,1514
}

// pings are the echo requests over IPv4.
var pings = filter.Expr("icmp type 8")
