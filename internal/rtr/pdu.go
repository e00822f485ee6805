package rtr

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/internal/vrp"
)

// Versions of the protocol.
const (
	version0 = 0 // RFC 6810
	version1 = 1 // RFC 8210
)

// kind is the type of a PDU (RFC 8210 5).
type kind uint8

const (
	serialNotify  kind = 0
	serialQuery   kind = 1
	resetQuery    kind = 2
	cacheResponse kind = 3
	ipv4Prefix    kind = 4
	ipv6Prefix    kind = 6
	endOfData     kind = 7
	cacheReset    kind = 8
	routerKey     kind = 9
	errorReport   kind = 10
)

const (
	headerLen = 8
	maxPDU    = 64 << 10 // a router's key or an error report is far shorter
)

// pdu is one of the PDUs that a cache sends, decoded.
type pdu struct {
	version uint8
	kind    kind
	session uint16 // of serialNotify, cacheResponse, endOfData
	serial  uint32 // of serialNotify, endOfData
	times   intervals
	change  vrp.Change // of a prefix
	report  *Error     // of errorReport
}

// parse decodes a whole PDU. Its error is an *Error that tells the cache.
func parse(raw []byte) (pdu, error) {
	p := pdu{version: raw[0], kind: kind(raw[1])}
	body := raw[headerLen:]
	switch p.kind {
	case serialNotify:
		if len(body) != 4 {
			return p, badLength(raw)
		}
		p.session, p.serial = binary.BigEndian.Uint16(raw[2:]), binary.BigEndian.Uint32(body)
	case cacheResponse, cacheReset:
		if len(body) != 0 {
			return p, badLength(raw)
		}
		p.session = binary.BigEndian.Uint16(raw[2:])
	case ipv4Prefix, ipv6Prefix:
		return parsePrefix(p, raw)
	case endOfData:
		return parseEnd(p, raw)
	case routerKey:
		if p.version == version0 {
			return p, reject(UnsupportedType, raw, "a router key in version 0")
		}
	case errorReport:
		return parseReport(p, raw)
	default:
		return p, reject(UnsupportedType, raw, "PDU type %d is not one that a cache sends", p.kind)
	}
	return p, nil
}

func parsePrefix(p pdu, raw []byte) (pdu, error) {
	body := raw[headerLen:]
	size := 4
	if p.kind == ipv6Prefix {
		size = 16
	}
	if len(body) != 8+size {
		return p, badLength(raw)
	}
	addr, _ := netip.AddrFromSlice(body[4 : 4+size])
	v, err := vrp.New(netip.PrefixFrom(addr, int(body[1])), int(body[2]), binary.BigEndian.Uint32(body[4+size:]))
	if err != nil {
		return p, reject(CorruptData, raw, "%v", err)
	}
	p.change = vrp.Change{VRP: v, Announce: body[0]&1 != 0}
	return p, nil
}

func parseEnd(p pdu, raw []byte) (pdu, error) {
	body := raw[headerLen:]
	want := 16
	if p.version == version0 {
		want = 4
	}
	if len(body) != want {
		return p, badLength(raw)
	}
	p.session, p.serial, p.times = binary.BigEndian.Uint16(raw[2:]), binary.BigEndian.Uint32(body), usual
	if p.version != version0 {
		second := func(b []byte) time.Duration { return time.Duration(binary.BigEndian.Uint32(b)) * time.Second }
		p.times = intervals{second(body[4:]), second(body[8:]), second(body[12:])}.bounded()
	}
	return p, nil
}

func parseReport(p pdu, raw []byte) (pdu, error) {
	body := raw[headerLen:]
	_, rest, ok := cut(body) // a PDU of ours
	text, _, more := cut(rest)
	if !ok || !more {
		return p, badLength(raw)
	}
	p.report = &Error{Code: Code(binary.BigEndian.Uint16(raw[2:])), Text: string(text[:min(len(text), maxQuoted)]), version: p.version, remote: true}
	return p, nil
}

// cut takes a part off that begins with its length.
func cut(b []byte) (part, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

func badLength(raw []byte) error {
	return reject(CorruptData, raw, "a PDU of type %d in version %d is not %d bytes long", raw[1], raw[0], len(raw))
}

// header begins a PDU.
func header(version uint8, k kind, session uint16, length int) []byte {
	b := make([]byte, 0, length)
	b = append(b, version, byte(k))
	b = binary.BigEndian.AppendUint16(b, session)
	return binary.BigEndian.AppendUint32(b, uint32(length))
}

// askAll is a Reset Query.
func askAll(version uint8) []byte { return header(version, resetQuery, 0, headerLen) }

// askChanges is a Serial Query.
func askChanges(version uint8, session uint16, serial uint32) []byte {
	return binary.BigEndian.AppendUint32(header(version, serialQuery, session, 12), serial)
}

// tell is an Error Report.
func tell(version uint8, e *Error) []byte {
	b := header(version, errorReport, uint16(e.Code), 16+len(e.pdu)+len(e.Text))
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(e.pdu))), e.pdu...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(e.Text))), e.Text...)
}
