package netflow

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/collector"
)

// Listen returns a source that receives NetFlow and IPFIX at an address:
// "netflow://host:port", "ipfix://host:port" or "host:port". Without a host it
// listens at every address, of IPv4 and IPv6; the port is 2055, or 4739 of ipfix,
// when it is left out together with its colon behind a scheme.
//
// The socket is opened when the pipeline opens, and closed when the run ends.
// After the run was told to stop, what the kernel holds by then is still decoded.
func Listen(address string, opts ...Option) pipeline.Source {
	name := "netflow(" + address + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		at, err := collector.Address(address, "netflow", "ipfix")
		if err != nil {
			return nil, err
		}
		o := options{}
		for _, opt := range opts {
			opt(&o)
		}
		o.live.Addresses = []string{at}
		o.live.Protocols.NetFlow = &o.decode
		return collector.NewLive(name, o.live)
	})
}
