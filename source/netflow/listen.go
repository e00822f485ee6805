package netflow

import (
	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/netflow"
)

// Listen returns a source that receives NetFlow and IPFIX at an address:
// "netflow://host:port", "ipfix://host:port" or "host:port" over UDP,
// "ipfix+tcp://host:port" and "ipfix+tls://host:port" IPFIX alone over TCP and TLS.
// Without a host it listens at every address, of IPv4 and IPv6; a multicast group
// over UDP is joined, and read by one lane. Behind a scheme the port may be left
// out together with its colon: it is 2055, 4739 of ipfix and ipfix+tcp, or 4740 of
// ipfix+tls then. source.Listen takes several addresses.
//
// The sockets are opened when the pipeline opens, and closed when the run ends.
// After the run was told to stop, what the kernel holds by then is still decoded.
func Listen(address string, opts ...Option) pipeline.Source {
	name := "netflow(" + address + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		c := collector.Config{Protocols: collector.Protocols{NetFlow: &netflow.Config{}}}
		return collector.Listen(name, c, opts, collector.NetFlowSchemes, address)
	})
}
