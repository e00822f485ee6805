package netflow_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink/netflow"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// The flows of a capture go to a collector that understands NetFlow v9.
func ExampleExport() {
	collector, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = collector.Close() }()
	target := "netflow9://" + collector.LocalAddr().String()

	pl, err := pipeline.From(pcap.File("../../testdata/web.pcap")).
		Filter(filter.Expr("port 443")).
		To(netflow.Export(target, netflow.ObservationDomain(7), netflow.TemplateEvery(30*time.Second))).
		Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pl.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	stats := pl.Stats().Stages
	counters := stats[len(stats)-1].Counters
	fmt.Println(counters["records"], "records and", counters["templates"], "templates in", counters["datagrams"], "datagram")
	// Output:
	// 2 records and 2 templates in 1 datagram
}

// A collector that is restarted is waited for, and flows that did not reach it are
// sent again.
func ExampleExport_retry() {
	export := netflow.Export("ipfix+tcp://collector.example.net", netflow.Fields("src_addr", "dst_addr", "bytes", "user_name"))
	plan := pipeline.From(pcap.File("../../testdata/web.pcap")).
		To(pipeline.Retry(export, pipeline.Backoff{First: time.Second}))
	_, err := plan.Build()
	fmt.Println(err)
	// Output:
	// <nil>
}
