package sflow

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/sflow"
)

// Listen returns a source that receives sFlow at an address: "sflow://host:port"
// or "host:port". Without a host it listens at every address, of IPv4 and IPv6; a
// multicast group is joined, and read by one lane. Behind the scheme the port may
// be left out together with its colon, and is 6343 then.
//
// The socket is opened when the pipeline opens, and closed when the run ends.
// After the run was told to stop, what the kernel holds by then is still decoded.
func Listen(address string, opts ...Option) pipeline.Source {
	name := "sflow(" + address + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		c := collector.Config{Protocols: collector.Protocols{SFlow: &sflow.Config{}}}
		return collector.Listen(name, c, opts, collector.SFlowSchemes, address)
	})
}
