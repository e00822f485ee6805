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
// several addresses, as Listen does without options.
func GoFlow(addresses ...string) pipeline.Source { return listen("goflow", addresses, nil) }

// ListenOption is an option of package netflow or of package sflow.
type ListenOption = collector.Option

// Listen returns a source that receives NetFlow v5, v7 and v9, IPFIX and sFlow at
// several addresses: "netflow://host:port", "ipfix://host:port",
// "sflow://host:port" or "host:port" over UDP, "ipfix+tcp://host:port" and
// "ipfix+tls://host:port" IPFIX alone over TCP and TLS. Host and port may be left
// out, the port together with its colon behind a scheme: it is 2055, 4739, 6343,
// 4739 or 4740 then. Over UDP the scheme means no more than that, since datagrams
// tell their protocol by their version.
//
// The options are those of packages netflow and sflow. What they say of one
// protocol, such as a sampling rate, goes for that one; what they say of receiving,
// such as who is allowed, which buffer is asked for and where datagrams are
// recorded, goes for all addresses, whichever package it is of.
//
//	source.Listen([]string{"netflow://", "ipfix+tcp://", "sflow://"},
//		netflow.Allow(routers...), netflow.Templates("/var/lib/flows/templates"), sflow.Counters())
//
// It counts as the sources of those packages do; refused_protocol counts datagrams
// that are of neither.
func Listen(addresses []string, opts ...ListenOption) pipeline.Source {
	return listen("listen", addresses, opts)
}

func listen(name string, addresses []string, opts []ListenOption) pipeline.Source {
	name += "(" + strings.Join(addresses, ", ") + ")"
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		c := collector.Config{Protocols: collector.Protocols{NetFlow: &netflow.Config{}, SFlow: &sflow.Config{}}}
		schemes := slices.Concat(collector.NetFlowSchemes, collector.SFlowSchemes)
		return collector.Listen(name, c, opts, schemes, addresses...)
	})
}
