package ebpf_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/sink"
)

// Print the flows of an interface until the program is interrupted.
func ExampleDevice() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	plan := pipeline.
		From(ebpf.Device("eth0", ebpf.Active(time.Minute))).
		Filter(filter.Expr("proto tcp and port 80")).
		To(sink.Flowdump(os.Stdout))
	if err := plan.Run(ctx); err != nil {
		fmt.Println(err)
	}
}

// Count on all Ethernet interfaces of a container, also on those that come later,
// one packet in ten.
func ExampleDevices() {
	src := ebpf.Devices([]string{"eth*", "net*"},
		ebpf.Namespace("/proc/4711/ns/net"),
		ebpf.Direction(ebpf.Ingress),
		ebpf.Sampling(10),
	)
	plan := pipeline.From(src).To(sink.JSONFile("flows.json.zst"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
}
