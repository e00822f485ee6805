package sflow

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/collector"
)

// Listen returns a source that receives sFlow at an address: "sflow://host:port"
// or "host:port". Without a host it listens at every address, of IPv4 and IPv6;
// behind the scheme the port may be left out together with its colon, and is 6343
// then.
//
// The socket is opened when the pipeline opens, and closed when the run ends.
// After the run was told to stop, what the kernel holds by then is still decoded.
func Listen(address string, opts ...Option) pipeline.Source {
	name := "sflow(" + address + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		at, err := collector.Address(address, "sflow")
		if err != nil {
			return nil, err
		}
		o := options{}
		for _, opt := range opts {
			opt(&o)
		}
		o.live.Addresses = []string{at}
		o.live.Protocols.SFlow = &o.decode
		return collector.NewLive(name, o.live)
	})
}
