package source

import (
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/sflow"
)

// GoFlow returns a source that receives NetFlow v5, v7 and v9, IPFIX and sFlow at
// several addresses: "netflow://host:port", "ipfix://host:port",
// "sflow://host:port" or "host:port" over UDP, "ipfix+tcp://host:port" IPFIX alone
// over TCP. Host and port may be left out, the port together with its colon behind
// a scheme: it is 2055, 4739, 6343 or 4739 then. Over UDP the scheme means no more
// than that, since datagrams tell their protocol by their version.
//
// It counts as the sources of packages netflow and sflow do, which have options;
// refused_protocol counts datagrams that are of neither.
func GoFlow(addresses ...string) pipeline.Source {
	name := "goflow(" + strings.Join(addresses, ", ") + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		c := collector.Config{Protocols: collector.Protocols{NetFlow: &netflow.Config{}, SFlow: &sflow.Config{}}}
		schemes := slices.Concat(collector.NetFlowSchemes, collector.SFlowSchemes)
		return collector.Listen(name, c, []collector.Option{}, schemes, addresses...)
	})
}
