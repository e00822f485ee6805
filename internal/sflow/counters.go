package sflow

import (
	"math"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// Formats of counter records of the standard's own enterprise 0.
const (
	countersInterface = 1
	countersEthernet  = 2
	countersName      = 1005
)

// counter is a number in a counter record: 32 bits unless it is wide. All ones
// are a number that the agent does not count.
type counter struct {
	field flow.Field
	wide  bool
}

// interfaceCounters are what stands behind the type, speed and state of an
// interface (RFC 2863).
var interfaceCounters = [...]counter{
	{flow.FieldIfInOctets, true},
	{flow.FieldIfInUcastPkts, false},
	{flow.FieldIfInMulticastPkts, false},
	{flow.FieldIfInBroadcastPkts, false},
	{flow.FieldIfInDiscards, false},
	{flow.FieldIfInErrors, false},
	{flow.FieldIfInUnknownProtos, false},
	{flow.FieldIfOutOctets, true},
	{flow.FieldIfOutUcastPkts, false},
	{flow.FieldIfOutMulticastPkts, false},
	{flow.FieldIfOutBroadcastPkts, false},
	{flow.FieldIfOutDiscards, false},
	{flow.FieldIfOutErrors, false},
}

// ethernetCounters are the counters of an Ethernet interface (RFC 3635).
var ethernetCounters = [...]counter{
	{flow.FieldDot3AlignmentErrors, false},
	{flow.FieldDot3FCSErrors, false},
	{flow.FieldDot3SingleCollisionFrames, false},
	{flow.FieldDot3MultipleCollisionFrames, false},
	{flow.FieldDot3SQETestErrors, false},
	{flow.FieldDot3DeferredTransmissions, false},
	{flow.FieldDot3LateCollisions, false},
	{flow.FieldDot3ExcessiveCollisions, false},
	{flow.FieldDot3InternalMACTransmitErrors, false},
	{flow.FieldDot3CarrierSenseErrors, false},
	{flow.FieldDot3FrameTooLongs, false},
	{flow.FieldDot3InternalMACReceiveErrors, false},
	{flow.FieldDot3SymbolErrors, false},
}

// counterSample reads a counter sample, and writes it as a record if it tells of
// an interface and is asked for. b has room for it then.
func (d *Decoder) counterSample(format uint32, p []byte, b *flow.Batch) {
	r := reader{rest: p}
	sequence := r.u32()
	var class, index uint32
	if format == formatExpandedCounters {
		class, index = r.u32(), r.u32()
	} else {
		class, index = compactSource(r.u32())
	}
	count := r.u32()
	if r.short {
		d.refuse(BadSample)
		return
	}
	d.follow(Counters, class, index, sequence)
	if uint64(count)*8 > uint64(len(r.rest)) {
		d.refuse(BadSample)
		return
	}
	d.count(Counters)
	if !d.config.Counters {
		return
	}
	fl := b.Next()
	*fl = d.base
	fl.SetRecordType(flow.RecordTypeCounters)
	for _, f := range [...]flow.Field{flow.FieldTimeStart, flow.FieldTimeEnd, flow.FieldPackets} {
		fl.Clear(f)
	}
	if class == classInterface {
		b.SetIfIndex(fl, index)
	}
	if !d.counterRecords(&r, count, b, fl) {
		b.Undo()
		return
	}
	d.counts.CounterRecords++
}

// counterRecords reads count records, which were held against the bytes that are
// there, and returns whether one was of an interface's counters.
func (d *Decoder) counterRecords(r *reader, count uint32, b *flow.Batch, fl *flow.Flow) (found bool) {
	for ; count > 0; count-- {
		format := r.u32()
		record := reader{rest: r.opaque()}
		if r.short {
			d.refuse(TruncatedRecord)
			break
		}
		ok := true
		switch format {
		case countersInterface:
			ok = !b.Has(fl, flow.FieldIfType) && record.interfaceCounters(b, fl) // one is all there is
			found = found || ok
		case countersEthernet:
			ok = record.counters(b, fl, ethernetCounters[:])
			found = found || ok
		case countersName:
			ok = record.ifName(b, fl)
		default:
			d.refuse(IgnoredRecord)
		}
		if !ok {
			d.refuse(BadRecord)
		}
	}
	return found
}

// interfaceCounters writes the generic counters of an interface.
func (r *reader) interfaceCounters(b *flow.Batch, fl *flow.Flow) bool {
	const size = 88
	if len(r.rest) < size {
		return false
	}
	b.SetIfIndex(fl, r.u32())
	b.SetIfType(fl, r.u32())
	if speed := r.u64(); speed != math.MaxUint64 {
		b.SetIfSpeed(fl, speed)
	}
	if duplex := r.u32(); duplex <= flow.IfDuplexOut {
		b.SetIfDuplex(fl, uint8(duplex))
	}
	if status := r.u32(); status != math.MaxUint32 {
		b.SetIfAdminStatus(fl, ifStatus(status&1))
		b.SetIfOperStatus(fl, ifStatus(status&2))
	}
	r.counters(b, fl, interfaceCounters[:])
	switch r.u32() { // a TruthValue (RFC 2579)
	case 1:
		b.SetIfPromiscuous(fl, flow.BoolYes)
	case 2:
		b.SetIfPromiscuous(fl, flow.BoolNo)
	}
	return true
}

// counters writes numbers, if all of them are there.
func (r *reader) counters(b *flow.Batch, fl *flow.Flow, list []counter) bool {
	size := 0
	for _, c := range list {
		size += 4
		if c.wide {
			size += 4
		}
	}
	if len(r.rest) < size {
		return false
	}
	for _, c := range list {
		v, none := uint64(0), uint64(math.MaxUint32)
		if c.wide {
			v, none = r.u64(), math.MaxUint64
		} else {
			v = uint64(r.u32())
		}
		if v != none {
			b.SetUint(fl, c.field, v)
		}
	}
	return true
}

// ifName writes the name of the interface.
func (r *reader) ifName(b *flow.Batch, fl *flow.Flow) bool {
	name := r.opaque()
	if len(name) > 0 {
		// The batch copies the text.
		b.SetIfName(fl, unsafe.String(unsafe.SliceData(name), len(name)))
	}
	return !r.short
}

func ifStatus(bit uint32) uint8 {
	if bit != 0 {
		return flow.IfStatusUp
	}
	return flow.IfStatusDown
}
