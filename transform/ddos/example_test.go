package ddos_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/floods"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/sink/alert"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/transform/ddos"
)

// Attacks are told by webhook, their flows kept apart, all else archived.
func ExampleDetect() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	own := ddos.Network{Name: "hosting", Prefix: netip.MustParsePrefix("192.0.2.0/24"), Host: ddos.Floors{ddos.SYN: {Packets: 50e3}}}
	err := pipeline.From(netflow.Listen(":2055")).
		Through(ddos.Detect(ddos.Networks(own))).
		Switch(
			pipeline.When(ddos.Events(), pipeline.Through(alert.Limit(30, time.Minute)).To(
				pipeline.Buffered(pipeline.Retry(alert.Webhook("https://hooks.example.net/flows"), pipeline.Backoff{Attempts: 5}), 64, pipeline.DropOldest))),
			pipeline.When(ddos.Attacking(), pipeline.To(sink.JSONFile("attacks.json.zst"))),
			pipeline.Otherwise(pipeline.To(sink.JSONFile("flows.json.zst"))),
		).
		Run(ctx)
	if err != nil {
		fmt.Println(err)
	}
}

// The starts of severe attacks alone.
func ExampleEventOf() {
	flood := floods.Traffic{At: time.Second, For: 5 * time.Second, Rate: 400e3, Size: 468, Packets: 50, Sources: 1000,
		Src: netip.MustParseAddr("198.51.100.0"), Dst: netip.MustParsePrefix("192.0.2.7/32"), Proto: flow.ProtoUDP, SrcPort: 123}
	err := pipeline.From(floods.Source(100, flood)).
		Through(ddos.Detect()).
		Filter(filter.Expr(`attack_phase = "start" and attack_severity in ["major" "critical"]`)).
		To(sink.Func("print", func(b *flow.Batch) error {
			for fl := range b.All() {
				e, _ := ddos.EventOf(b, fl)
				fmt.Println(e.Start.Format(time.TimeOnly), e.Target, e.Class, e.Severity)
				fmt.Println(e.Action)
			}
			return nil
		})).
		Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 00:00:01 192.0.2.7/32 ntp amplification critical
	// flowspec dst 192.0.2.7/32 proto 17 src-port 123 packet-length 468-468 discard
}
