package netflow

import (
	"math"

	"github.com/flowpipeline/pipeline/flow"
)

// op is how a value is read and written.
type op uint8

const (
	opNumber  op = iota // the low bytes of a number
	opAddr4             // the last 4 bytes of an address
	opAddr6             // 16 bytes
	opMillis            // milliseconds since the epoch
	opICMP              // type and code
	opIPFlags           // the top three bits
	opSampler           // the flow's sampler in this export
	opText              // variable length
	opWords             // basicList of numbers
	opAddrs             // basicList of addresses
	opLabels            // ten entries of a label stack
	opStartUptime
	opEndUptime

	// Fields that most records have.
	opSrcAddr
	opDstAddr
	opNextHop
	opStart
	opEnd
	opInIf
	opOutIf
	opPackets
	opBytes
	opSrcPort
	opDstPort
	opProto
	opTOS
	opTCPFlags
	opSrcAS
	opDstAS
	opSrcNet
	opDstNet
	opSrcVLAN
	opDstVLAN
	opEndReason

	// All that follows the addresses of a usual record.
	opUsualIPFIX
	opUsualV9
)

var fastOps = map[flow.Field]op{
	flow.FieldTimeStart: opStart, flow.FieldTimeEnd: opEnd,
	flow.FieldSrcAddr: opSrcAddr, flow.FieldDstAddr: opDstAddr, flow.FieldNextHop: opNextHop,
	flow.FieldInIf: opInIf, flow.FieldOutIf: opOutIf, flow.FieldPackets: opPackets, flow.FieldBytes: opBytes,
	flow.FieldSrcPort: opSrcPort, flow.FieldDstPort: opDstPort, flow.FieldProto: opProto, flow.FieldTOS: opTOS,
	flow.FieldTCPFlags: opTCPFlags, flow.FieldSrcAS: opSrcAS, flow.FieldDstAS: opDstAS,
	flow.FieldSrcPrefixLen: opSrcNet, flow.FieldDstPrefixLen: opDstNet,
	flow.FieldSrcVLAN: opSrcVLAN, flow.FieldDstVLAN: opDstVLAN, flow.FieldEndReason: opEndReason,
}

// encoder writes records. It belongs to one goroutine at a time.
type encoder struct {
	clock   clock
	sampler uint8 // of the flow
	cut     uint64
}

// record writes the record of a flow at the head of p, which has room for the
// least record, and returns its length; false when p is too short for it.
func (e *encoder) record(t *template, b *flow.Batch, fl *flow.Flow, p []byte) (n int, ok bool) {
	whole := len(p)
	for i := range t.code {
		in := &t.code[i]
		if in.length == variable {
			n, ok := e.long(in, b, fl, p)
			if !ok {
				return 0, false
			}
			p = p[n:]
			continue
		}
		if len(p) < int(in.length) {
			return 0, false
		}
		switch in.op {
		case opSrcAddr:
			p = p[copy(p, fl.SrcAddr[16-in.length:]):]
			continue
		case opDstAddr:
			p = p[copy(p, fl.DstAddr[16-in.length:]):]
			continue
		case opNextHop:
			p = p[copy(p, fl.NextHop[16-in.length:]):]
			continue
		case opUsualIPFIX:
			e.usualIPFIX((*[usualIPFIX]byte)(p), fl)
		case opUsualV9:
			e.usualV9((*[usualV9]byte)(p), fl)
		case opInIf:
			be.PutUint32(p, fl.InIf)
		case opOutIf:
			be.PutUint32(p, fl.OutIf)
		case opSrcAS:
			be.PutUint32(p, fl.SrcAS)
		case opDstAS:
			be.PutUint32(p, fl.DstAS)
		case opPackets:
			be.PutUint64(p, fl.Packets)
		case opBytes:
			be.PutUint64(p, fl.Bytes)
		case opStart:
			be.PutUint64(p, e.clock.millis(fl.TimeStart))
		case opEnd:
			be.PutUint64(p, e.clock.millis(fl.TimeEnd))
		case opStartUptime:
			be.PutUint32(p, e.clock.uptime(fl.TimeStart, fl.TimeEnd))
		case opEndUptime:
			be.PutUint32(p, e.clock.uptime(fl.TimeEnd, fl.TimeStart))
		case opSrcPort:
			be.PutUint16(p, fl.SrcPort)
		case opDstPort:
			be.PutUint16(p, fl.DstPort)
		case opSrcVLAN:
			be.PutUint16(p, fl.SrcVLAN)
		case opDstVLAN:
			be.PutUint16(p, fl.DstVLAN)
		case opICMP:
			p[0], p[1] = fl.ICMPType, fl.ICMPCode
		case opTCPFlags:
			if in.length == 2 {
				be.PutUint16(p, fl.TCPFlags)
			} else {
				p[0] = uint8(fl.TCPFlags)
			}
		case opProto:
			p[0] = fl.Proto
		case opTOS:
			p[0] = fl.TOS
		case opSrcNet:
			p[0] = fl.SrcPrefixLen
		case opDstNet:
			p[0] = fl.DstPrefixLen
		case opEndReason:
			p[0] = fl.EndReason
		case opSampler:
			p[0] = e.sampler
		case opLabels:
			if len(p) < maxLabels*int(in.length) {
				return 0, false
			}
			e.labels(p[:maxLabels*int(in.length)], b, fl)
			p = p[maxLabels*int(in.length):]
			continue
		default:
			e.rare(in, b, fl, p[:in.length])
		}
		p = p[in.length:]
	}
	return whole - len(p), true
}

// rare writes values of other fields. p has their length.
func (e *encoder) rare(in *instr, b *flow.Batch, fl *flow.Flow, p []byte) {
	switch in.op {
	case opAddr4, opAddr6:
		a, _ := b.Addr(fl, in.field)
		copy(p, a[16-len(p):])
	case opIPFlags:
		p[0] = fl.IPFlags << 5
	default:
		v, ok := b.Uint(fl, in.field)
		switch {
		case !ok:
			v = 0
		case in.op == opMillis:
			v = e.clock.millis(int64(v))
		}
		for i := len(p) - 1; i >= 0; i-- {
			p[i] = byte(v)
			v >>= 8
		}
	}
}

// labels writes a label stack: label, and whether it is the last one (RFC 3032).
func (e *encoder) labels(p []byte, b *flow.Batch, fl *flow.Flow) {
	clear(p)
	list, _ := b.U32s(fl, flow.FieldMPLSLabels)
	if len(list) > maxLabels {
		e.cut += uint64(len(list) - maxLabels)
		list = list[:maxLabels]
	}
	for i, l := range list {
		l <<= 4
		if i == len(list)-1 {
			l |= 1
		}
		p[3*i], p[3*i+1], p[3*i+2] = byte(l>>16), byte(l>>8), byte(l)
	}
}

// long writes values of variable length, and returns their length; false when p
// is too short for them.
func (e *encoder) long(in *instr, b *flow.Batch, fl *flow.Flow, p []byte) (int, bool) {
	switch in.op {
	case opText:
		v, _ := b.Text(fl, in.field)
		n, ok := prefix(p, len(v))
		if ok {
			n += copy(p[n:], v)
		}
		return n, ok
	case opWords:
		list, _ := b.U32s(fl, in.field)
		list = list[:len(list)-len(list)%int(in.list.length/4)]
		n, ok := listHead(p, in.list, 4*len(list))
		if ok {
			for _, v := range list {
				be.PutUint32(p[n:], v)
				n += 4
			}
		}
		return n, ok
	}
	list, _ := b.Addrs(fl, in.field)
	n, ok := listHead(p, in.list, 16*len(list))
	if ok {
		for i := range list {
			n += copy(p[n:], list[i][:])
		}
	}
	return n, ok
}

// prefix writes the length of what follows (RFC 7011 7); false when that does not
// fit.
func prefix(p []byte, n int) (int, bool) {
	head := 1
	if n >= 255 {
		head = 3
	}
	if n > math.MaxUint16 || len(p) < head+n {
		return 0, false
	}
	if p[0] = byte(n); head == 3 {
		p[0] = 255
		be.PutUint16(p[1:], uint16(n))
	}
	return head, true
}

// listHead writes the head of a basicList of so many bytes (RFC 6313 4.5.1).
func listHead(p []byte, of element, size int) (int, bool) {
	const ordered, head = 4, 5
	n, ok := prefix(p, head+size)
	if ok {
		p[n] = ordered
		be.PutUint16(p[n+1:], of.ID)
		be.PutUint16(p[n+3:], of.length)
	}
	return n + head, ok
}
