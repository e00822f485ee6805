package netflow

import "github.com/flowpipeline/pipeline/flow"

// Sizes of NetFlow v5 and v7: both have a header of 24 bytes, and records that
// differ behind the first 46 bytes.
const (
	headerFixed = 24
	recordV5    = 48
	recordV7    = 52
)

// beginFixed reads a datagram of NetFlow v5 or v7.
func (d *Decoder) beginFixed(p []byte) {
	if len(p) < headerFixed {
		d.refuse(DatagramTruncated, 0)
		return
	}
	size := d.recordSize()
	n := headerFixed + size*int(u16(p[2:]))
	if n > len(p) {
		d.refuse(DatagramTruncated, 0)
		return
	}
	if n < len(p) {
		d.counters[TrailingBytes]++
	}
	h := &d.header
	h.uptime, h.relative = u32(p[4:]), true
	h.exportMs = int64(u32(p[8:])) * 1000
	h.exportNs = int64(u32(p[12:]))
	h.sequence = u32(p[16:])
	engine := uint32(0)
	if d.version == versionV5 {
		engine = uint32(u16(p[20:]))
	}
	if !d.enter(engine) {
		d.refuse(ExportersFull, 0)
		return
	}
	defer d.ex.mu.Unlock()
	d.number(uint32(u16(p[2:])), true, LostRecords, MissedRecords)
	d.jobs = append(d.jobs, job{header: *h, data: p[headerFixed:n]})
	d.beginBase(p)
}

func (d *Decoder) recordSize() int {
	if d.version == versionV7 {
		return recordV7
	}
	return recordV5
}

// beginBase prepares what all flows of the datagram have in common. p begins
// with its header.
func (d *Decoder) beginBase(p []byte) {
	d.base = flow.Flow{}
	d.base.SetType(flow.TypeNetFlowV5)
	if d.version == versionV7 {
		d.base.SetType(flow.TypeNetFlowV7)
	}
	d.base.SetTimeReceived(d.header.received)
	d.base.SetSequenceNum(d.header.sequence)
	d.base.SetExporter(d.source)
	d.base.SetEtherType(flow.EtherTypeIPv4)
	rate := d.ex.override
	if rate == 0 && d.version == versionV5 {
		rate = uint32(u16(p[22:]) & 0x3fff) // the top two bits are the mode
	}
	if rate == 0 {
		rate = d.ex.fallback
	}
	if rate != 0 {
		d.base.SetSamplingRate(rate)
	}
	// Every record has all of these.
	d.base.SetSrcAddr(flow.AddrFrom4([4]byte{}))
	d.base.SetDstAddr(flow.AddrFrom4([4]byte{}))
	d.base.SetNextHop(flow.AddrFrom4([4]byte{}))
	d.base.SetInIf(0)
	d.base.SetOutIf(0)
	d.base.SetPackets(0)
	d.base.SetBytes(0)
	d.base.SetTimeStart(0)
	d.base.SetTimeEnd(0)
	d.base.SetSrcPort(0)
	d.base.SetDstPort(0)
	d.base.SetTCPFlags(0)
	d.base.SetProto(0)
	d.base.SetTOS(0)
	d.base.SetSrcAS(0)
	d.base.SetDstAS(0)
	d.base.SetSrcPrefixLen(0)
	d.base.SetDstPrefixLen(0)
}

// fillFixed decodes the records; false when b is full.
func (d *Decoder) fillFixed(j *job, b *flow.Batch) bool {
	size := d.recordSize()
	engine := d.dom.id
	flows := b.Extend(&d.base, len(j.data)/size)
	for i := range flows {
		fl := &flows[i]
		fixedRecord((*[46]byte)(j.data), &j.header, fl)
		if engine != 0 {
			b.SetEngineType(fl, uint8(engine>>8))
			b.SetEngineID(fl, uint8(engine))
		}
		j.data = j.data[size:]
	}
	d.counters[Flows] += uint64(len(flows))
	return len(j.data) == 0
}

// fixedRecord decodes the part that v5 and v7 have in common. The addresses in fl
// are IPv4 ones already.
func fixedRecord(p *[46]byte, h *header, fl *flow.Flow) {
	*(*[4]byte)(fl.SrcAddr[12:]) = [4]byte(p[0:4])
	*(*[4]byte)(fl.DstAddr[12:]) = [4]byte(p[4:8])
	*(*[4]byte)(fl.NextHop[12:]) = [4]byte(p[8:12])
	fl.InIf = uint32(u16(p[12:]))
	fl.OutIf = uint32(u16(p[14:]))
	fl.Packets = uint64(u32(p[16:]))
	fl.Bytes = uint64(u32(p[20:]))
	fl.TimeStart = h.uptimeNanos(u32(p[24:]))
	fl.TimeEnd = h.uptimeNanos(u32(p[28:]))
	fl.SrcPort = u16(p[32:])
	fl.DstPort = u16(p[34:])
	fl.TCPFlags = uint16(p[37])
	fl.Proto = p[38]
	fl.TOS = p[39]
	fl.SrcAS = uint32(u16(p[40:]))
	fl.DstAS = uint32(u16(p[42:]))
	fl.SrcPrefixLen = p[44]
	fl.DstPrefixLen = p[45]
	icmpByPort(fl)
}
