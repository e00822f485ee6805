package replay

import (
	"net/netip"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/samplingrate"
	"github.com/flowpipeline/pipeline/internal/sflow"
)

// Option changes how a file is read and decoded.
type Option func(*options)

type options struct {
	file    collector.FileConfig
	netflow netflow.Config
	sflow   sflow.Config
}

// ListUnmapped has u, a netflow.Unmapped, list the information elements that fill no
// field.
func ListUnmapped(u *netflow.Unmapped) Option {
	return func(o *options) { o.netflow.Unmapped = u }
}

// Speed has the datagrams come in the rhythm in which they were received, factor
// times as fast: 1 for the original speed. The default, 0, is as fast as it goes.
func Speed(factor float64) Option { return func(o *options) { o.file.Speed = factor } }

// Ports takes of a capture the datagrams to these UDP ports, whatever is in them.
// The default is those to any port that are whole flow exports.
func Ports(ports ...uint16) Option {
	return func(o *options) { o.file.Ports = append(o.file.Ports, ports...) }
}

// DefaultSamplingRate is that of flows whose exporter does not tell one: 1 in n
// packets. Without it they have none. With prefixes it is that of the NetFlow and
// IPFIX flows of exporters with an address in one of them, before that of all; the
// longest prefix wins.
func DefaultSamplingRate(n uint32, prefixes ...netip.Prefix) Option {
	return func(o *options) {
		if len(prefixes) == 0 {
			o.netflow.DefaultRate, o.sflow.DefaultRate = n, n
		}
		for _, p := range prefixes {
			o.netflow.DefaultRates = append(o.netflow.DefaultRates, samplingrate.Rule{Prefix: p, Rate: n})
		}
	}
}

// SamplingRate has the flows of exporters with an address in prefix sampled 1 in
// n packets, whatever they tell themselves. The longest prefix wins. The address
// is the sender's, for sFlow the agent's.
func SamplingRate(prefix netip.Prefix, n uint32) Option {
	return func(o *options) {
		rule := samplingrate.Rule{Prefix: prefix, Rate: n}
		o.netflow.Rates, o.sflow.Rates = append(o.netflow.Rates, rule), append(o.sflow.Rates, rule)
	}
}

// Counters has a record come for each sFlow sample of an interface's counters, as
// package sflow's option of that name does.
func Counters() Option { return func(o *options) { o.sflow.Counters = true } }

// Map has an information element of NetFlow v9 or IPFIX fill a field of the
// schema, by its name, in place of the field it would fill, if any. pen is the
// private enterprise number, 0 for IANA's registry and for NetFlow v9.
func Map(pen uint32, id uint16, field string) Option {
	return func(o *options) {
		o.netflow.Extra = append(o.netflow.Extra, netflow.Mapping{PEN: pen, ID: id, Field: field})
	}
}

// MapExtension has an information element fill a field that the schema does not
// have.
func MapExtension(pen uint32, id uint16, field flow.Extender) Option {
	return func(o *options) {
		o.file.Extensions = append(o.file.Extensions, field)
		Map(pen, id, collector.ExtensionName(field))(o)
	}
}
