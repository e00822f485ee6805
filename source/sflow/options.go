package sflow

import (
	"net/netip"

	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/samplingrate"
	"github.com/flowpipeline/pipeline/internal/sflow"
)

// Option changes how exports are received and decoded. source.Listen takes it too.
type Option func(*collector.Config)

// Apply is for the sources that take the option.
func (o Option) Apply(c *collector.Config) { o(c) }

// Counters has a record come for each sample of an interface's counters, among
// the flows: its RecordType is flow.RecordTypeCounters. The default is flows and
// dropped packets alone.
func Counters() Option { return func(c *collector.Config) { c.Protocols.SFlow.Counters = true } }

// DefaultSamplingRate is that of samples that tell none: 1 in n packets. Without
// it they have none.
func DefaultSamplingRate(n uint32) Option {
	return func(c *collector.Config) { c.Protocols.SFlow.DefaultRate = n }
}

// Agent is what came from one sub-agent of an exporter: datagrams, samples, what is
// missing of them by their numbers, and what was refused by reason.
type Agent = sflow.Agent

// Kind is a kind of sample; its String is "flow", "counter" or "drop".
type Kind = sflow.Kind

// Reason says why something was refused; its String is the counter's name without
// "refused_".
type Reason = sflow.Reason

// OnAgents has fn told what came from each agent so far, once a minute and when the
// run ends. It is called between datagrams, so it must not wait; with several lanes
// concurrently, each with the agents that sent to it. The slice is fn's to keep.
// Datagrams that do not tell their agent are in the source's counters alone.
func OnAgents(fn func([]Agent)) Option {
	return func(c *collector.Config) { c.Protocols.OnAgents = fn }
}

// SamplingRate has the flows of agents with an address in prefix sampled 1 in n
// packets, whatever they tell themselves. The longest prefix wins. The address is
// the agent's, which is the flows' Exporter, and not the sender's.
func SamplingRate(prefix netip.Prefix, n uint32) Option {
	return func(c *collector.Config) {
		c.Protocols.SFlow.Rates = append(c.Protocols.SFlow.Rates, samplingrate.Rule{Prefix: prefix, Rate: n})
	}
}

// ReceiveBuffer asks the kernel to hold so many bytes for each socket while
// nobody takes them; the default is 4 MiB. How much it grants is counted as
// receive_buffer_bytes, and logged when it is less.
func ReceiveBuffer(bytes int) Option {
	return func(c *collector.Config) { c.UDP.Buffer = collector.OrMistake(bytes) }
}

// MaxDatagram sets the longest payload that is received whole, in bytes; the
// default is what UDP can carry. A longer one is cut and counted.
func MaxDatagram(bytes int) Option {
	return func(c *collector.Config) { c.UDP.MaxDatagram = collector.OrMistake(bytes) }
}

// Allow has only senders with an address in one of the prefixes listened to. The
// default is everybody. The address is that of the datagram, not the agent's.
func Allow(prefixes ...netip.Prefix) Option {
	return func(c *collector.Config) { c.Allow = append(c.Allow, prefixes...) }
}

// Record keeps the datagrams in a file, as they came, behind those that it has.
// It is compressed when the name ends in .gz or .zst. Package replay reads it. An
// error ends the recording, and not the run.
func Record(path string) Option { return func(c *collector.Config) { c.Record = path } }

// Interface names the interface on which a multicast group is joined; the default
// is the zone of the address, or else the system's choice.
func Interface(name string) Option {
	return func(c *collector.Config) { c.UDP.Interface = name }
}

// OnListen has fn told each address once all sockets are open, with the port that 0
// became. It is called when the pipeline opens.
func OnListen(fn func(netip.AddrPort)) Option {
	return func(c *collector.Config) { c.Listening = fn }
}
