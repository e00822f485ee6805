package packet

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// FuzzParse looks for a frame that makes Parse fail, or tell more than there is.
func FuzzParse(f *testing.F) {
	udp := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 18, 0xb5, 0, 8, 0, 0}
	f.Add(uint16(LinkEthernet), udp, 42)
	f.Add(uint16(LinkRaw), udp[14:], 28)
	f.Add(uint16(LinkMPLS), []byte{0, 0, 0x11, 64, 0x60}, 0)
	f.Add(uint16(LinkIPv6), slices.Concat(ip6(protoDestination, 8, []byte{17, 1, 0, 0, 0, 0, 0, 0}), make([]byte, 16)), 0)
	f.Add(uint16(LinkIPv4), slices.Concat(ip4(flow.ProtoIPIP, ip4(flow.ProtoAH, ah)), make([]byte, 16)), 0)
	for _, c := range llcFrames() {
		f.Add(uint16(c.link), c.frame, 0)
	}
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire int) {
		var p, again Packet
		got := Parse(LinkType(link), data, wire, &p)
		require.Less(t, got, Refusals)
		require.GreaterOrEqual(t, int64(p.WireLen), int64(len(data)))
		again = Packet{VLAN: 9, Tags: 9, Extra: Extra{LabelCount: 3, Tunnel: 1}}
		again.SrcPort = 77
		require.Equal(t, got, Parse(LinkType(link), data, wire, &again))
		if got == Accepted {
			require.Equal(t, p.Header, again.Header, "what the last packet left shows")
			require.Equal(t, p.Key(), again.Key())
			if end := int(p.HeaderLen + p.PayloadLen); end < len(data) {
				padded := slices.Concat(data[:end], bytes.Repeat([]byte{0xff}, len(data)-end))
				var other Packet
				Parse(LinkType(link), padded, wire, &other)
				require.Equal(t, p, other, "what is behind the IP packet shows")
			}
		}
	})
}

// ip4 and ip6 are packets with a payload, ip6 with the length that it tells.
func ip4(proto uint8, payload []byte) []byte {
	h := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, proto, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	return append(h, payload...)
}

func ip6(next uint8, length int, payload []byte) []byte {
	h := make([]byte, 40)
	h[0], h[6], h[7], h[23], h[39] = 0x60, next, 64, 1, 2
	binary.BigEndian.PutUint16(h[4:], uint16(length))
	return append(h, payload...)
}

// ports begins a UDP header, ah is an authentication header and UDP behind it.
var (
	ports = []byte{3, 232, 7, 208, 0, 8, 0, 0}
	ah    = slices.Concat([]byte{17, 4}, make([]byte, 22), ports)
)

func parse(t *testing.T, link LinkType, frame []byte) *Packet {
	var p Packet
	require.Equal(t, Accepted, Parse(link, frame, len(frame), &p))
	return &p
}

func TestPaddingIsNotRead(t *testing.T) {
	tooLong := []byte{17, 1, 0, 0, 0, 0, 0, 0} // says 16 bytes
	p := parse(t, LinkIPv6, slices.Concat(ip6(protoDestination, 8, tooLong), make([]byte, 8), ports))
	require.Zero(t, p.Has&HasPorts)
	require.Equal(t, [2]uint32{48, 0}, [2]uint32{p.HeaderLen, p.PayloadLen})

	inner := ip4(flow.ProtoUDP, ports)
	p = parse(t, LinkIPv4, slices.Concat(ip4(flow.ProtoIPIP, nil), inner))
	require.Equal(t, uint8(flow.TunnelIPIP), p.Tunnel)
	require.Zero(t, p.Inner.Has&HasIP)
	unknown := slices.Clone(inner)
	unknown[2], unknown[3] = 0, 0 // a length of 0 is what is left of the outer packet
	p = parse(t, LinkIPv4, slices.Concat(ip4(flow.ProtoIPIP, unknown), make([]byte, 6)))
	require.Equal(t, uint32(28), p.Inner.IPLen)
}

func TestLengthOfSegmentationOffload(t *testing.T) {
	p := parse(t, LinkIPv6, ip6(flow.ProtoUDP, 0, slices.Concat(ports, make([]byte, 100))))
	require.Equal(t, uint16(1000), p.SrcPort)
	require.Equal(t, [2]uint32{148, 100}, [2]uint32{p.IPLen, p.PayloadLen})
	p = parse(t, LinkIPv6, ip6(protoNone, 0, make([]byte, 6)))
	require.Equal(t, [2]uint32{40, 0}, [2]uint32{p.IPLen, p.PayloadLen}, "nothing follows, and that is padding")
}

func TestAuthenticationHeader(t *testing.T) {
	later := ip4(flow.ProtoAH, ah)
	later[7] = 9 // a fragment other than the first
	for _, p := range []*Packet{parse(t, LinkIPv4, ip4(flow.ProtoAH, ah)), parse(t, LinkIPv6, ip6(flow.ProtoAH, len(ah), ah))} {
		require.Equal(t, uint8(flow.ProtoUDP), p.Proto)
		require.Equal(t, [2]uint16{1000, 2000}, [2]uint16{p.SrcPort, p.DstPort})
		require.Equal(t, p.IPLen, p.HeaderLen)
	}
	require.Equal(t, uint8(flow.ProtoAH), parse(t, LinkIPv4, later).Proto)
}

func TestFragmentsTellTheSameProtocol(t *testing.T) {
	options := slices.Concat([]byte{17, 0, 1, 4, 0, 0, 0, 0}, ports)
	first := parse(t, LinkIPv6, ip6(protoFragment, 24, slices.Concat([]byte{protoDestination, 0, 0, 1, 0, 0, 0, 7}, options)))
	later := parse(t, LinkIPv6, ip6(protoFragment, 16, slices.Concat([]byte{protoDestination, 0, 0, 16, 0, 0, 0, 7}, ports)))
	require.True(t, first.FirstFragment() && later.LaterFragment())
	require.Equal(t, [2]uint8{flow.ProtoUDP, protoDestination}, [2]uint8{first.Proto, later.Proto})
	require.Equal(t, [2]uint8{protoDestination, protoDestination}, [2]uint8{first.FragmentProto, later.FragmentProto})
}

func TestTagsInsideAPseudowire(t *testing.T) {
	carried := slices.Concat(make([]byte, 12), []byte{0x81, 0, 0, 9, 8, 0}, ip4(flow.ProtoUDP, ports))
	wire := slices.Concat([]byte{0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0}, carried)
	p := parse(t, LinkEthernet, slices.Concat(make([]byte, 12), wire))
	require.Equal(t, uint16(1000), p.SrcPort)
	require.Zero(t, p.Tags)
	p = parse(t, LinkEthernet, slices.Concat(make([]byte, 12), []byte{0x81, 0, 0, 5}, wire))
	require.Equal(t, [2]uint16{1, 5}, [2]uint16{uint16(p.Tags), p.VLAN})
}

func TestSNAPOfAnOrganizationHasNoEtherType(t *testing.T) {
	frame := slices.Concat(make([]byte, 12), []byte{0, 36, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, ip4(flow.ProtoUDP, ports))
	require.Equal(t, uint16(1000), parse(t, LinkEthernet, frame).SrcPort)
	for i := 17; i < 20; i++ {
		frame[i] = 0x0c
		require.Equal(t, LLC, Parse(LinkEthernet, frame, len(frame), new(Packet)))
		frame[i] = 0
	}
}

func TestUDP(t *testing.T) {
	frame := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0x20, 100, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 18, 0xb5, 0, 8, 0, 0}
	var p Packet
	require.Equal(t, Accepted, Parse(LinkEthernet, frame, len(frame), &p))
	require.Equal(t, "192.0.2.1", p.Src.String())
	require.Equal(t, uint16(53), p.SrcPort)
	require.Equal(t, uint16(4789), p.DstPort)
	require.Equal(t, uint16(100), p.VLAN)
	require.Equal(t, uint8(1), p.VLANPriority)
	require.Equal(t, "02:00:00:00:00:01", p.SrcMAC.String())
	for n := range frame {
		require.NotPanics(t, func() { Parse(LinkEthernet, frame[:n], len(frame), &p) })
	}
}

func BenchmarkParse(b *testing.B) {
	frame := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 18, 0xb5, 0, 8, 0, 0}
	var p Packet
	b.ReportAllocs()
	for b.Loop() {
		Parse(LinkEthernet, frame, len(frame), &p)
	}
}
