package netflow

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// set does what fast operations do not: any length, columns, and elements
// that need more than a copy.
func (d *Decoder) set(in *instr, v []byte, fl *flow.Flow, b *flow.Batch) {
	if in.empty && in.field != 0 && !isEmpty(b, fl, in.field) {
		return
	}
	switch in.op {
	case opUint:
		b.SetUint(fl, in.field, number(v))
	case opAddr:
		if a, ok := flow.AddrFromSlice(v); ok {
			b.SetAddr(fl, in.field, a)
		}
	case opMAC:
		if len(v) == 6 {
			b.SetUint(fl, in.field, flow.MAC(v).Uint64())
		}
	case opText:
		v = trim(v)
		b.SetText(fl, in.field, unsafe.String(unsafe.SliceData(v), len(v)))
	case opSymbol:
		d.setSymbol(b, fl, in.field, trim(v))
	case opUptime:
		if d.at.relative {
			setTime(b, fl, in.field, d.at.uptimeNanos(narrow(v)))
		} else {
			d.rec.unresolved = true
		}
	case opSeconds, opMilli, opMicro, opNTP:
		setTime(b, fl, in.field, instant(in.op, v))
	case opObserved:
		d.rec.observed = instant(op(in.index), v)
	case opDuration:
		d.rec.lasted[in.index] = int64(narrow(v)) * milli
	case opDurationMicro:
		d.rec.lasted[in.index] = int64(narrow(v)) * 1000
	case opDelta:
		setTime(b, fl, in.field, d.at.exportMs*milli-int64(narrow(v))*1000)
	case opInit:
		d.at.relativeTo(int64(number(v)))
	case opICMP:
		n := number(v)
		b.SetUint(fl, flow.FieldICMPType, n>>8&0xff)
		b.SetUint(fl, flow.FieldICMPCode, n&0xff)
	case opIPVersion:
		switch number(v) {
		case 4:
			b.SetUint(fl, in.field, flow.EtherTypeIPv4)
		case 6:
			b.SetUint(fl, in.field, flow.EtherTypeIPv6)
		}
	case opFragment:
		b.SetUint(fl, in.field, number(v)>>5&7)
	case opShift:
		b.SetUint(fl, in.field, number(v)<<in.index&0xff)
	case opValidity:
		b.SetUint(fl, in.field, validity(number(v)))
	case opSegmentID:
		setSegment(b, fl, number(v))
	case opGREKey:
		b.SetUint(fl, in.field, number(v))
		b.SetTunnelType(fl, flow.TunnelGRE)
	case opAppID:
		b.SetUint(fl, in.field, appID(v))
	case opSampling:
		d.rec.read(samplingElement(in.index), v)
	case opSelector:
		b.SetUint(fl, in.field, selector(number(v)))
	default:
		d.list(in, v, fl, b)
	}
}

// selector returns the PSAMP selector algorithm for NetFlow v9's number.
func selector(n uint64) uint64 {
	switch n {
	case 1:
		return 1 // deterministic: systematic count-based
	case 2:
		return 3 // random: n out of N
	}
	return n
}

// validity returns the state for RFC 8097's number.
func validity(n uint64) uint64 {
	switch n {
	case 0:
		return flow.RPKIValid
	case 1:
		return flow.RPKINotFound
	case 2:
		return flow.RPKIInvalid
	}
	return flow.RPKIUnknown
}

// setSegment sets the tunnel of a layer2SegmentId: the kind of the overlay is in
// the top byte, the segment in the low three. An exporter that tells no kind may
// use all bytes for the segment.
func setSegment(b *flow.Batch, fl *flow.Flow, n uint64) {
	const vxlan, nvgre = 1, 2
	switch n >> 56 {
	case vxlan:
		b.SetTunnelType(fl, flow.TunnelVXLAN)
	case nvgre:
		b.SetTunnelType(fl, flow.TunnelGRE)
	default:
		b.SetTunnelID(fl, n)
		return
	}
	b.SetTunnelID(fl, n&0xffffff)
}

// elementIndex packs the number of an element that tells of sampling into a
// byte, and samplingElement unpacks it.
func elementIndex(id uint16) uint8 {
	if id < iePacketInterval {
		return uint8(id)
	}
	return uint8(id - iePacketInterval + 0x80)
}

func samplingElement(index uint8) uint16 {
	if index < 0x80 {
		return uint16(index)
	}
	return uint16(index) - 0x80 + iePacketInterval
}

// setSymbol sets a text from a bounded set. Symbols of other layers stay absent
// when the quota is used up.
func (d *Decoder) setSymbol(b *flow.Batch, fl *flow.Flow, f flow.Field, text []byte) {
	if len(text) == 0 {
		return
	}
	symbol, ok := d.symbols.Intern(text)
	if !ok {
		d.counters[TextsRefused]++
		return
	}
	b.SetUint(fl, f, uint64(symbol))
}

// isEmpty reports whether a field still says nothing.
func isEmpty(b *flow.Batch, fl *flow.Flow, f flow.Field) bool {
	if a, ok := b.Addr(fl, f); ok {
		return a.IsZero() || a.Is4() && a.V4() == 0
	}
	if n, ok := b.Uint(fl, f); ok {
		return n == 0
	}
	return !b.Has(fl, f)
}
