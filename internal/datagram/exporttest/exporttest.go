// Package exporttest makes flow exports for tests.
package exporttest

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
)

// Flows of every datagram have these addresses and ports, and bytes and packets by
// their number.
var (
	Src = netip.MustParseAddr("192.0.2.1")
	Dst = netip.MustParseAddr("198.51.100.7")
)

// Ports and template that the exports use.
const (
	SrcPort  = 40000
	DstPort  = 443
	Template = 300
	seconds  = 1_700_000_000
	uptime   = 100_000
)

var be = binary.BigEndian

// V5 is a NetFlow v5 datagram of n flows; first is the sequence number of the
// first.
func V5(first uint32, n int) []byte {
	p := be.AppendUint16(nil, 5)
	p = be.AppendUint16(p, uint16(n))
	for _, v := range []uint32{uptime, seconds, 0, first, 0} {
		p = be.AppendUint32(p, v)
	}
	for i := range n {
		at := uint32(i) + first
		p = append(p, Src.AsSlice()...)
		p = append(p, Dst.AsSlice()...)
		p = append(p, 0, 0, 0, 0, 0, 1, 0, 2)
		for _, v := range []uint32{1, 100 + at, uptime - 1000, uptime - 10} {
			p = be.AppendUint32(p, v)
		}
		p = be.AppendUint16(p, SrcPort)
		p = be.AppendUint16(p, DstPort)
		p = append(p, 0, 0x10, 6, 0, 0, 0, 0, 0, 24, 24, 0, 0)
	}
	return p
}

// fields of the template: element and length.
var fields = [][2]uint16{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {2, 4}}

// IPFIXTemplate is an IPFIX message with a template.
func IPFIXTemplate(sequence uint32) []byte {
	p := be.AppendUint16(nil, Template)
	p = be.AppendUint16(p, uint16(len(fields)))
	for _, f := range fields {
		p = be.AppendUint16(p, f[0])
		p = be.AppendUint16(p, f[1])
	}
	return ipfix(sequence, 2, p)
}

// IPFIXData is an IPFIX message of n flows of the template.
func IPFIXData(first uint32, n int) []byte {
	var p []byte
	for i := range n {
		p = append(p, Src.AsSlice()...)
		p = append(p, Dst.AsSlice()...)
		p = be.AppendUint16(p, SrcPort)
		p = be.AppendUint16(p, DstPort)
		p = append(p, 6)
		p = be.AppendUint32(p, 100+first+uint32(i))
		p = be.AppendUint32(p, 1)
	}
	return ipfix(first, Template, p)
}

func ipfix(sequence uint32, set uint16, body []byte) []byte {
	p := be.AppendUint16(nil, 10)
	p = be.AppendUint16(p, uint16(20+len(body)))
	for _, v := range []uint32{seconds, sequence, 1} {
		p = be.AppendUint32(p, v)
	}
	p = be.AppendUint16(p, set)
	p = be.AppendUint16(p, uint16(4+len(body)))
	return append(p, body...)
}

// SFlow is an sFlow datagram of one sample of a UDP packet.
func SFlow(sequence uint32) []byte {
	return sflow(sequence, flowSample(sequence))
}

// SFlowAll is an sFlow datagram of a sample of a UDP packet, a dropped one (by an
// access list), and counters of interface 3 (1000 bytes came in).
func SFlowAll(sequence uint32) []byte {
	drop := append(words(sequence, 0, 1, 0, 1, 2, 258, 1), header()...)
	counters := words(sequence, 3, 1, 1, 88, 3, 6, 0, 1_000_000_000, 1, 3, 0, 1000, 10, 0, 0, 0, 0, 0, 0, 2000, 20, 0, 0, 0, 0, 2)
	return sflow(sequence, flowSample(sequence), tlv(5, drop), tlv(2, counters))
}

func sflow(sequence uint32, samples ...[]byte) []byte {
	p := words(5, 1, 0xc0000201, 0, sequence, 1000, uint32(len(samples)))
	for _, s := range samples {
		p = append(p, s...)
	}
	return p
}

func flowSample(sequence uint32) []byte {
	return tlv(1, append(words(sequence, 1, 1000, 1000, 0, 1, 2, 1), header()...))
}

// header is a record of the header of a UDP packet in a frame of 100 bytes.
func header() []byte {
	frame := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0}
	frame = append(frame, Src.AsSlice()...)
	frame = append(frame, Dst.AsSlice()...)
	frame = be.AppendUint16(frame, SrcPort)
	frame = be.AppendUint16(frame, DstPort)
	frame = append(frame, 0, 12, 0, 0, 1, 2, 3, 4, 0, 0)
	return tlv(1, append(words(1, 100, 4, uint32(len(frame))), frame...))
}

func tlv(format uint32, body []byte) []byte {
	return append(words(format, uint32(len(body))), body...)
}

func words(list ...uint32) (p []byte) {
	for _, v := range list {
		p = be.AppendUint32(p, v)
	}
	return p
}

// Dial returns a function that sends datagrams to an address.
func Dial(t testing.TB, to netip.AddrPort) func(payload []byte) {
	t.Helper()
	if to.Addr().IsUnspecified() {
		to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.Port())
	}
	c, err := net.Dial("udp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return func(payload []byte) {
		t.Helper()
		if _, err := c.Write(payload); err != nil {
			t.Fatal(err)
		}
	}
}
