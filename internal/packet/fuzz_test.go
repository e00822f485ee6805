package packet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse looks for a frame that makes Parse fail, or tell more than there is.
func FuzzParse(f *testing.F) {
	udp := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 18, 0xb5, 0, 8, 0, 0}
	f.Add(uint16(LinkEthernet), udp, 42)
	f.Add(uint16(LinkRaw), udp[14:], 28)
	f.Add(uint16(LinkMPLS), []byte{0, 0, 0x11, 64, 0x60}, 0)
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire int) {
		var p, again Packet
		got := Parse(LinkType(link), data, wire, &p)
		require.Less(t, got, Refusals)
		require.GreaterOrEqual(t, int64(p.WireLen), int64(len(data)))
		again = Packet{VLAN: 9, Tags: 9, LabelCount: 3, Tunnel: 1}
		again.SrcPort = 77
		require.Equal(t, got, Parse(LinkType(link), data, wire, &again))
		if got == Accepted {
			require.Equal(t, p.Header, again.Header, "what the last packet left shows")
			require.Equal(t, p.Key(), again.Key())
		}
	})
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
