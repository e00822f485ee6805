package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/source/sflow"
)

func ExampleListen() {
	exporters := source.Listen([]string{"netflow://", "ipfix+tcp://", "sflow://"},
		netflow.Allow(netip.MustParsePrefix("192.0.2.0/24")),
		netflow.Templates("/var/lib/collector/exporters.json"),
		sflow.DefaultSamplingRate(1000),
	)
	fmt.Print(pipeline.From(exporters).To(sink.JSONFile("flows.json.zst")))
	// Output:
	// from listen(netflow://, ipfix+tcp://, sflow://)
	// to json(flows.json.zst)
}

func ExampleFlows() {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.80"))
	fl.SetDstPort(443)
	if err := pipeline.From(source.Flows(fl)).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"src_addr":"192.0.2.1","dst_addr":"198.51.100.80","dst_port":443}
}

func ExampleFunc() {
	left := 3
	src := source.Func("countdown", func(_ context.Context, b *flow.Batch) error {
		for ; left > 0 && !b.Full(); left-- {
			b.Next().SetPackets(uint64(left))
		}
		if left == 0 {
			return io.EOF
		}
		return nil
	})
	if err := pipeline.From(src).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"packets":3}
	// {"packets":2}
	// {"packets":1}
}

func ExampleSeq() {
	wellKnown := func(yield func(flow.Flow) bool) {
		for _, port := range []uint16{22, 53, 80} {
			var fl flow.Flow
			fl.SetDstPort(port)
			if !yield(fl) {
				return
			}
		}
	}
	if err := pipeline.From(source.Seq(wellKnown)).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_port":22}
	// {"dst_port":53}
	// {"dst_port":80}
}

func ExampleChannel() {
	flows := make(chan flow.Flow, 16)
	go func() {
		defer close(flows)
		for port := uint16(8080); port < 8083; port++ {
			var fl flow.Flow
			fl.SetDstPort(port)
			flows <- fl
		}
	}()
	if err := pipeline.From(source.Channel(flows)).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_port":8080}
	// {"dst_port":8081}
	// {"dst_port":8082}
}

func ExampleGenerator() {
	count := sink.Count()
	plan := pipeline.From(source.Generator(source.Count(1000), source.Seed(7))).To(count)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows")
	// Output:
	// 1000 flows
}

func ExampleRate() {
	count := sink.Count()
	plan := pipeline.From(source.Generator(source.Rate(50_000), source.Count(500))).To(count)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows")
	// Output:
	// 500 flows
}

func ExampleMerge() {
	one := source.Flows(receivedAt(8), receivedAt(11))
	other := source.Flows(receivedAt(9), receivedAt(20))
	show := sink.Each("show", func(fl *flow.Flow) error {
		_, err := fmt.Println(fl.Received().Format("15:04"))
		return err
	})
	if err := pipeline.From(source.Merge(one, other)).To(show).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 08:00
	// 09:00
	// 11:00
	// 20:00
}

func ExampleJSON() {
	dir, remove := tempDir()
	defer remove()
	path := filepath.Join(dir, "flows.json.gz")
	if err := pipeline.From(source.Flows(receivedAt(8))).To(sink.JSONFile(path)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	if err := pipeline.From(source.JSON(path)).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"time_received_ns":1777622400000000000,"src_addr":"192.0.2.1"}
}

func ExampleJSONReader() {
	lines := strings.NewReader(`{"type":"IPFIX","src_addr":"192.0.2.1","dst_addr":"198.51.100.80","proto":"TCP","dst_port":443}
{"type":"IPFIX","src_addr":"2001:db8::1","dst_addr":"2001:db8::53","proto":"UDP","dst_port":53}
`)
	plan := pipeline.From(source.JSONReader("lines", lines)).
		To(sink.CSV(os.Stdout, "src_addr", "dst_addr", "proto", "dst_port"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,dst_addr,proto,dst_port
	// 192.0.2.1,198.51.100.80,6,443
	// 2001:db8::1,2001:db8::53,17,53
}

func ExampleJSONReader_badLine() {
	lines := strings.NewReader(`{"dst_port":443}
{"dst_port":70000}
`)
	fmt.Println(pipeline.From(source.JSONReader("lines", lines)).To(sink.JSON(os.Stdout)).Run(context.Background()))
	// Output:
	// {"dst_port":443}
	// json(lines): read: lines:2: column 13: field "dst_port": value out of range: 70000 is above 65535
}

func ExampleKeepUnknown() {
	lines := strings.NewReader(`{"dst_port":443,"rack":"12b"}`)
	plan := pipeline.From(source.JSONReader("lines", lines, source.KeepUnknown())).To(sink.JSON(os.Stdout))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_port":443,"rack":"12b"}
}

func ExampleSkipBad() {
	lines := strings.NewReader(`{"dst_port":443}
{"dst_port":"htt
{"dst_port":53}
`)
	pl, err := pipeline.From(source.JSONReader("lines", lines, source.SkipBad())).To(sink.JSON(os.Stdout)).Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pl.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(pl.Stats().Stages[0].Counters["bad"], "bad line")
	// Output:
	// {"dst_port":443}
	// {"dst_port":53}
	// 1 bad line
}

func ExampleSymbols() {
	lines := strings.NewReader(`{"in_if":1,"in_if_name":"eth0"}
{"in_if":2,"in_if_name":"eth1"}
`)
	plan := pipeline.From(source.JSONReader("lines", lines, source.Symbols(1))).To(sink.JSON(os.Stdout))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"in_if":1,"in_if_name":"eth0"}
	// {"in_if":2}
}

func ExampleProto() {
	dir, remove := tempDir()
	defer remove()
	path := filepath.Join(dir, "flows.bin.zst")
	if err := pipeline.From(source.Flows(receivedAt(8))).To(sink.ProtoFile(path)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	if err := pipeline.From(source.Proto(path)).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"time_received_ns":1777622400000000000,"src_addr":"192.0.2.1"}
}

func ExampleProtoReader() {
	var messages bytes.Buffer
	plan := pipeline.From(source.Generator(source.Count(100))).To(sink.Proto(&messages))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	count := sink.Count()
	if err := pipeline.From(source.ProtoReader("messages", &messages)).To(count).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows")
	// Output:
	// 100 flows
}

// receivedAt is a flow that was received at an hour of the first of May 2026.
func receivedAt(hour int) (fl flow.Flow) {
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetTimeReceived(time.Date(2026, 5, 1, hour, 0, 0, 0, time.UTC).UnixNano())
	return fl
}

// tempDir makes a directory, and returns what removes it.
func tempDir() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "flows")
	if err != nil {
		panic(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}
