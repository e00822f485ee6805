package sflow

import (
	"net/netip"

	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/sflow"
)

// Option changes how exports are received and decoded. source.Listen takes it too.
type Option func(*collector.Config)

// Apply is for the sources that take the option.
func (o Option) Apply(c *collector.Config) { o(c) }

// Counters are a sample of the counters of one data source of an agent. Numbers
// that the agent does not count are all ones.
type Counters = sflow.CounterSample

// InterfaceCounters are the generic counters of an interface (RFC 2863).
type InterfaceCounters = sflow.InterfaceCounters

// EthernetCounters are the counters of an Ethernet interface (RFC 3635).
type EthernetCounters = sflow.EthernetCounters

// OnCounters has fn told each sample of counters. It is called while datagrams
// are decoded, so it must not wait; with several lanes concurrently. What it is
// given is valid until it returns.
func OnCounters(fn func(*Counters)) Option {
	return func(c *collector.Config) { c.Protocols.SFlow.OnCounters = fn }
}

// DefaultSamplingRate is that of samples that tell none: 1 in n packets. Without
// it they have none.
func DefaultSamplingRate(n uint32) Option {
	return func(c *collector.Config) { c.Protocols.SFlow.DefaultRate = n }
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
