package sflow

import (
	"encoding/binary"

	"github.com/flowpipeline/pipeline/flow"
)

// sample is what stands before the records of a flow sample or a dropped packet.
type sample struct {
	sequence     uint32
	class, index uint32 // of the data source
	rate         uint32
	in, out      port
	records      uint32
}

// Lengths of what stands before the records.
const (
	flowLen      = 32
	expandedLen  = 44
	discardedLen = 32
)

func u32(p []byte) uint32 { return binary.BigEndian.Uint32(p) }

// read reads one of the three formats, and returns the records' bytes. It returns
// false when the sample is too short.
func (s *sample) read(format uint32, p []byte) (records []byte, ok bool) {
	switch format {
	case formatFlow:
		if len(p) < flowLen {
			return nil, false
		}
		s.class, s.index = compactSource(u32(p[4:]))
		s.rate = u32(p[8:])
		s.in, s.out = compactPort(u32(p[20:])), compactPort(u32(p[24:]))
		s.records, records = u32(p[28:]), p[flowLen:]
	case formatExpandedFlow:
		if len(p) < expandedLen {
			return nil, false
		}
		s.class, s.index = u32(p[4:]), u32(p[8:])
		s.rate = u32(p[12:])
		s.in, s.out = port{u32(p[24:]), u32(p[28:])}, port{u32(p[32:]), u32(p[36:])}
		s.records, records = u32(p[40:]), p[expandedLen:]
	default: // discarded
		if len(p) < discardedLen {
			return nil, false
		}
		s.class, s.index = u32(p[4:]), u32(p[8:])
		s.in, s.out = port{portInterface, u32(p[16:])}, port{portInterface, u32(p[20:])}
		s.records, records = u32(p[28:]), p[discardedLen:]
	}
	s.sequence = u32(p)
	return records, true
}

// samplerID returns the data source as one number, as a flow sample writes it
// unless it is an interface.
func (s *sample) samplerID() uint32 {
	if s.class == classInterface {
		return s.index
	}
	return s.class<<24 | s.index&0xffffff
}

// flowSample writes a sample as a flow, and a dropped packet as a record of one.
// b has room for it.
func (d *Decoder) flowSample(format uint32, p []byte, b *flow.Batch) {
	var s sample
	records, ok := s.read(format, p)
	if !ok {
		d.refuse(BadSample)
		return
	}
	kind := Flows
	if format == formatDiscarded {
		kind = Drops
	}
	d.follow(kind, s.class, s.index, s.sequence)
	if uint64(s.records)*8 > uint64(len(records)) {
		d.refuse(BadSample)
		return
	}
	d.count(kind)
	fl := b.Next()
	*fl = d.base
	fl.SetSamplerID(s.samplerID())
	d.records(b, fl, records, s.records)
	s.writePorts(fl)
	if kind == Drops {
		fl.SetSamplingRate(1) // every dropped packet is told
		dropped(b, fl)
		drop(b, fl, u32(p[24:]))
		return
	}
	if rate := d.rate(s.rate); rate != 0 {
		fl.SetSamplingRate(rate)
	}
	if s.out.format == portDiscarded {
		drop(b, fl, s.out.value)
	}
}

// rate returns the sampling rate of a flow sample that tells one or 0; 0 when
// nobody does.
func (d *Decoder) rate(told uint32) uint32 {
	switch {
	case d.agent.rate != 0:
		return d.agent.rate
	case told != 0:
		return told
	}
	return d.config.DefaultRate
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
	if s.class != classInterface || s.index == 0 || in == out {
		return
	}
	switch s.index {
	case in:
		fl.SetDirection(flow.DirectionIngress)
	case out:
		fl.SetDirection(flow.DirectionEgress)
	}
}
