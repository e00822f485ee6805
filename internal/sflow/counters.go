package sflow

import "github.com/flowpipeline/pipeline/flow"

// CounterSample is what an agent tells of one of its data sources. Numbers that
// the agent does not count are all ones, as on the wire.
type CounterSample struct {
	Exporter    flow.Addr // the agent
	SubAgent    uint32
	SequenceNum uint32 // of the data source's counter samples
	SourceType  uint32 // 0 interface, 1 VLAN, 2 physical entity
	SourceIndex uint32
	Received    int64 // ns since the epoch

	HasInterface bool
	Interface    InterfaceCounters
	HasEthernet  bool
	Ethernet     EthernetCounters
	Name         []byte // of the port, empty when it was not told
}

// InterfaceCounters are the generic counters of an interface (RFC 2863).
type InterfaceCounters struct {
	Index, Type uint32
	Speed       uint64 // bit/s
	Duplex      uint32 // 0 unknown, 1 full, 2 half, 3 in, 4 out
	Status      uint32 // bit 0 enabled, bit 1 up

	InBytes            uint64
	InUnicastPackets   uint32
	InMulticastPackets uint32
	InBroadcastPackets uint32
	InDiscards         uint32
	InErrors           uint32
	InUnknownProtocols uint32

	OutBytes            uint64
	OutUnicastPackets   uint32
	OutMulticastPackets uint32
	OutBroadcastPackets uint32
	OutDiscards         uint32
	OutErrors           uint32

	Promiscuous uint32 // 1 yes, 2 no
}

// EthernetCounters are the counters of an Ethernet interface (RFC 3635).
type EthernetCounters struct {
	AlignmentErrors           uint32
	FCSErrors                 uint32
	SingleCollisionFrames     uint32
	MultipleCollisionFrames   uint32
	SQETestErrors             uint32
	DeferredTransmissions     uint32
	LateCollisions            uint32
	ExcessiveCollisions       uint32
	InternalMACTransmitErrors uint32
	CarrierSenseErrors        uint32
	FrameTooLongs             uint32
	InternalMACReceiveErrors  uint32
	SymbolErrors              uint32
}

// Formats of counter records.
const (
	countersInterface = 1
	countersEthernet  = 2
	countersName      = 1005
)

// counterSample reads a counter sample for whom wants it.
func (d *Decoder) counterSample(format uint32, p []byte) {
	r := reader{rest: p}
	s := &d.counters
	*s = CounterSample{Exporter: d.agent, SubAgent: d.subAgent, Received: d.received}
	s.SequenceNum = r.u32()
	if format == formatExpandedCounters {
		s.SourceType, s.SourceIndex = r.u32(), r.u32()
	} else {
		source := r.u32()
		s.SourceType, s.SourceIndex = source>>24, source&0xffffff
	}
	count := r.u32()
	if r.short || uint64(count)*8 > uint64(len(r.rest)) {
		d.counts.Refused[BadSample]++
		return
	}
	d.counts.CounterSamples++
	if d.config.OnCounters == nil {
		return
	}
	for ; count > 0; count-- {
		format := r.u32()
		record := r.opaque()
		if r.short {
			d.counts.Refused[TruncatedRecord]++
			break
		}
		d.counterRecord(format, record)
	}
	d.config.OnCounters(s)
	s.Name = nil
}

func (d *Decoder) counterRecord(format uint32, p []byte) {
	r, s := reader{rest: p}, &d.counters
	switch format {
	case countersInterface:
		s.Interface = readInterface(&r)
		s.HasInterface = !r.short
	case countersEthernet:
		s.Ethernet = readEthernet(&r)
		s.HasEthernet = !r.short
	case countersName:
		s.Name = r.opaque()
	default:
		d.counts.Refused[IgnoredRecord]++
	}
	if r.short {
		d.counts.Refused[BadRecord]++
	}
}

func readInterface(r *reader) InterfaceCounters {
	return InterfaceCounters{
		Index: r.u32(), Type: r.u32(), Speed: r.u64(), Duplex: r.u32(), Status: r.u32(),
		InBytes: r.u64(), InUnicastPackets: r.u32(), InMulticastPackets: r.u32(), InBroadcastPackets: r.u32(),
		InDiscards: r.u32(), InErrors: r.u32(), InUnknownProtocols: r.u32(),
		OutBytes: r.u64(), OutUnicastPackets: r.u32(), OutMulticastPackets: r.u32(), OutBroadcastPackets: r.u32(),
		OutDiscards: r.u32(), OutErrors: r.u32(), Promiscuous: r.u32(),
	}
}

func readEthernet(r *reader) EthernetCounters {
	return EthernetCounters{
		AlignmentErrors: r.u32(), FCSErrors: r.u32(),
		SingleCollisionFrames: r.u32(), MultipleCollisionFrames: r.u32(),
		SQETestErrors: r.u32(), DeferredTransmissions: r.u32(),
		LateCollisions: r.u32(), ExcessiveCollisions: r.u32(),
		InternalMACTransmitErrors: r.u32(), CarrierSenseErrors: r.u32(),
		FrameTooLongs: r.u32(), InternalMACReceiveErrors: r.u32(), SymbolErrors: r.u32(),
	}
}
