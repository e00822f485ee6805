package sflow

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// sample is what stands before the records of a flow sample.
type sample struct {
	source  uint32 // data source: type in the top byte, unless it is an ifIndex
	index   uint32 // of the data source when it is an interface, or 0
	rate    uint32
	in, out port
	records uint32
}

// Lengths of what stands before the records.
const (
	flowLen      = 32
	expandedLen  = 44
	discardedLen = 32
)

func u32(p []byte) uint32 { return binary.BigEndian.Uint32(p) }

// readSample reads one of the three formats, and returns the records' bytes. It
// returns false when the sample is too short.
func readSample(format uint32, p []byte) (s sample, records []byte, ok bool) {
	switch format {
	case formatFlow:
		if len(p) < flowLen {
			return s, nil, false
		}
		s.setSource(u32(p[4:])>>24, u32(p[4:])&0xffffff)
		s.rate = u32(p[8:])
		s.in, s.out = compactPort(u32(p[20:])), compactPort(u32(p[24:]))
		s.records, records = u32(p[28:]), p[flowLen:]
	case formatExpandedFlow:
		if len(p) < expandedLen {
			return s, nil, false
		}
		s.setSource(u32(p[4:]), u32(p[8:]))
		s.rate = u32(p[12:])
		s.in, s.out = port{u32(p[24:]), u32(p[28:])}, port{u32(p[32:]), u32(p[36:])}
		s.records, records = u32(p[40:]), p[expandedLen:]
	default: // discarded
		if len(p) < discardedLen {
			return s, nil, false
		}
		s.setSource(u32(p[4:]), u32(p[8:]))
		s.rate = 1 // every dropped packet is told
		s.in, s.out = port{portInterface, u32(p[16:])}, port{portInterface, u32(p[20:])}
		s.records, records = u32(p[28:]), p[discardedLen:]
	}
	return s, records, uint64(s.records)*8 <= uint64(len(records))
}

func (s *sample) setSource(kind, index uint32) {
	const ifIndex = 0
	if kind == ifIndex {
		s.source, s.index = index, index
		return
	}
	s.source = kind<<24 | index&0xffffff
}

// flowSample writes a sample as a flow. b has room for it.
func (d *Decoder) flowSample(format uint32, p []byte, b *flow.Batch) {
	s, records, ok := readSample(format, p)
	if !ok {
		d.counts.Refused[BadSample]++
		return
	}
	d.counts.Flows++
	fl := b.Next()
	fl.SetType(flow.TypeSFlow5)
	fl.SetTimeReceived(d.received)
	fl.SetTimeStart(d.received)
	fl.SetTimeEnd(d.received)
	fl.SetSequenceNum(d.sequence)
	if !d.agent.IsZero() {
		fl.SetExporter(d.agent)
	}
	fl.SetObservationDomain(d.subAgent)
	fl.SetSamplerID(s.source)
	fl.SetPackets(1)
	if s.rate == 0 {
		s.rate = d.config.DefaultRate
	}
	if s.rate != 0 {
		fl.SetSamplingRate(s.rate)
	}
	d.records(b, fl, records, s.records)
	s.writePorts(fl)
	switch {
	case format == formatDiscarded:
		drop(b, fl, u32(p[24:]))
	case s.out.format == portDiscarded:
		drop(b, fl, s.out.value)
	}
}

// writePorts writes the interfaces, and the direction where the data source is
// one of them.
func (s *sample) writePorts(fl *flow.Flow) {
	in, hasIn := s.in.index()
	out, hasOut := s.out.index()
	if hasIn {
		fl.SetInIf(in)
	}
	if hasOut {
		fl.SetOutIf(out)
	}
	if s.index == 0 || in == out {
		return
	}
	switch s.index {
	case in:
		fl.SetDirection(flow.DirectionIngress)
	case out:
		fl.SetDirection(flow.DirectionEgress)
	}
}

func drop(b *flow.Batch, fl *flow.Flow, reason uint32) {
	fl.SetForwardingStatus(forwardingStatus(reason))
	b.SetDropReason(fl, dropReason(reason))
}
