package sink_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func ExampleFlowdump() {
	plan := pipeline.From(source.Flows(https())).To(sink.Flowdump(os.Stdout, sink.Location(time.UTC)))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 14:03:07: 192.0.2.1:51812 → 198.51.100.80:443, TCP, 10s, 10 kbit/s, 2 p/s
}

func ExampleVerbose() {
	plan := pipeline.From(source.Flows(https())).
		To(sink.Flowdump(os.Stdout, sink.Location(time.UTC), sink.Verbose()))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 14:03:07: 192.0.2.1:51812 → 198.51.100.80:443, TCP, 10s, 10 kbit/s, 2 p/s, packets 20, bytes 12500, tcp_flags FSPA
}

func ExampleHighlight() {
	plan := pipeline.From(source.Flows(https())).
		To(sink.Flowdump(os.Stdout, sink.Location(time.UTC), sink.Highlight()))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ! 14:03:07: 192.0.2.1:51812 → 198.51.100.80:443, TCP, 10s, 10 kbit/s, 2 p/s
}

func ExampleColor() {
	var out bytes.Buffer
	dump := sink.Flowdump(&out, sink.Location(time.UTC), sink.Highlight(), sink.Color(sink.ColorAlways))
	if err := pipeline.From(source.Flows(https())).To(dump).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q\n", out.String())
	// Output:
	// "\x1b[1;31m! 14:03:07: 192.0.2.1:51812 → 198.51.100.80:443, TCP, 10s, 10 kbit/s, 2 p/s\x1b[0m\n"
}

func ExampleLocation() {
	tokyo := time.FixedZone("JST", 9*60*60)
	plan := pipeline.From(source.Flows(https())).To(sink.Flowdump(os.Stdout, sink.Location(tokyo)))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 23:03:07: 192.0.2.1:51812 → 198.51.100.80:443, TCP, 10s, 10 kbit/s, 2 p/s
}

func ExampleJSON() {
	if err := pipeline.From(source.Flows(https())).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"time_flow_start_ns":1777644177000000000,"time_flow_end_ns":1777644187000000000,"bytes":12500,"packets":20,"src_addr":"192.0.2.1","dst_addr":"198.51.100.80","proto":6,"src_port":51812,"dst_port":443,"tcp_flags":27}
}

func ExampleJSONFile() {
	dir, remove := tempDir()
	defer remove()
	path := filepath.Join(dir, "flows.json")
	if err := pipeline.From(source.Flows(https())).To(sink.JSONFile(path)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s", text)
	// Output:
	// {"time_flow_start_ns":1777644177000000000,"time_flow_end_ns":1777644187000000000,"bytes":12500,"packets":20,"src_addr":"192.0.2.1","dst_addr":"198.51.100.80","proto":6,"src_port":51812,"dst_port":443,"tcp_flags":27}
}

func ExampleCSV() {
	plan := pipeline.From(source.Flows(https())).
		To(sink.CSV(os.Stdout, "src_addr", "dst_addr", "dst_port", "bytes", "src_as"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,dst_addr,dst_port,bytes,src_as
	// 192.0.2.1,198.51.100.80,443,12500,
}

func ExampleCSVFile() {
	dir, remove := tempDir()
	defer remove()
	path := filepath.Join(dir, "flows.csv")
	if err := pipeline.From(source.Flows(https())).To(sink.CSVFile(path, "src_addr", "bytes")).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s", text)
	// Output:
	// src_addr,bytes
	// 192.0.2.1,12500
}

func ExampleProto() {
	var messages bytes.Buffer
	if err := pipeline.From(source.Flows(https())).To(sink.Proto(&messages)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(messages.Len(), "bytes")
	// Output:
	// 55 bytes
}

func ExampleProtoFile() {
	dir, remove := tempDir()
	defer remove()
	path := filepath.Join(dir, "flows.bin.zst")
	if err := pipeline.From(source.Flows(https())).To(sink.ProtoFile(path)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	count := sink.Count()
	if err := pipeline.From(source.Proto(path)).To(count).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flow")
	// Output:
	// 1 flow
}

func ExampleCount() {
	count := sink.Count()
	if err := pipeline.From(source.Flows(https(), https())).To(count).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows,", count.Packets(), "packets,", count.Bytes(), "bytes")
	// Output:
	// 2 flows, 40 packets, 25000 bytes
}

func ExampleDots() {
	plan := pipeline.From(source.Generator(source.Count(10_000))).To(sink.Dots(os.Stdout, 1000))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ..........
}

func ExampleDiscard() {
	pl, err := pipeline.From(source.Generator(source.Count(1000))).To(sink.Discard()).Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pl.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(pl.Stats().Total().Delivered, "flows")
	// Output:
	// 1000 flows
}

func ExampleFunc() {
	show := sink.Func("show", func(b *flow.Batch) error {
		for fl := range b.All() {
			fmt.Println(fl.SrcAddr, "→", fl.DstAddr)
		}
		return nil
	})
	if err := pipeline.From(source.Flows(https())).To(show).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 192.0.2.1 → 198.51.100.80
}

func ExampleEach() {
	show := sink.Each("show", func(fl *flow.Flow) error {
		_, err := fmt.Println(fl.SrcAddr, "→", fl.DstAddr)
		return err
	})
	if err := pipeline.From(source.Flows(https())).To(show).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 192.0.2.1 → 198.51.100.80
}

// https is a flow of ten seconds to a web server.
func https() (fl flow.Flow) {
	end := time.Date(2026, 5, 1, 14, 3, 7, 0, time.UTC)
	fl.SetTimeStart(end.Add(-10 * time.Second).UnixNano())
	fl.SetTimeEnd(end.UnixNano())
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.80"))
	fl.SetProto(flow.ProtoTCP)
	fl.SetSrcPort(51812)
	fl.SetDstPort(443)
	fl.SetTCPFlags(0x1b)
	fl.SetPackets(20)
	fl.SetBytes(12_500)
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
