package packet

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

var (
	here, there = []byte{2, 0, 0, 0, 0, 1}, []byte{2, 0, 0, 0, 0, 2}
	other       = []byte{2, 0, 0, 0, 0, 3}
	snapIPv4    = []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}
)

// llcFrames are frames of a UDP packet over links whose frames have no Ethernet
// type of their own, each from here to there where it tells addresses.
func llcFrames() map[string]struct {
	link  LinkType
	frame []byte
} {
	type frame = struct {
		link  LinkType
		frame []byte
	}
	packet := ip4(flow.ProtoUDP, ports)
	data := slices.Concat(snapIPv4, packet)
	wlan := func(subtype, flags byte, addresses [][]byte, rest ...[]byte) frame {
		f := []byte{8 | subtype, flags, 0, 0}
		for i, a := range addresses {
			if i == 3 {
				f = append(f, 0, 0) // the sequence control stands before the fourth
			}
			f = append(f, a...)
		}
		if len(addresses) == 3 {
			f = append(f, 0, 0)
		}
		return frame{LinkIEEE80211, slices.Concat(f, slices.Concat(rest...))}
	}
	return map[string]frame{
		"AAL5":                   {LinkATM, data},
		"FDDI":                   {LinkFDDI, slices.Concat([]byte{0x57}, there, here, data)},
		"token ring":             {LinkTokenRing, slices.Concat([]byte{0x10, 0x40}, there, here, data)},
		"token ring, routed":     {LinkTokenRing, slices.Concat([]byte{0x10, 0x40}, there, []byte{0x82, 0, 0, 0, 0, 1}, []byte{6, 0, 1, 2, 3, 4}, data)},
		"802.11 between":         wlan(0, 0, [][]byte{there, here, other}, data),
		"802.11 to the network":  wlan(0, 1, [][]byte{other, here, there}, data),
		"802.11 from it":         wlan(0, 2, [][]byte{there, other, here}, data),
		"802.11 relayed":         wlan(0, 3, [][]byte{other, other, there, here}, data),
		"802.11 QoS":             wlan(0x80, 1, [][]byte{other, here, there}, []byte{0, 0}, data),
		"802.11 QoS and HT":      wlan(0x80, 0x81, [][]byte{other, here, there}, []byte{0, 0, 1, 2, 3, 4}, data),
		"802.11 aggregate":       wlan(0x80, 1, [][]byte{other, here, other}, []byte{0x80, 0}, there, here, []byte{0, byte(len(data))}, data),
		"Frame Relay, IPv4":      {LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0xcc}, packet)},
		"Frame Relay, SNAP":      {LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}, packet)},
		"Frame Relay, PPP":       {LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0xcf, 0, 0x21}, packet)},
		"Frame Relay, Cisco":     {LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 8, 0}, packet)},
		"Frame Relay, 4 bytes":   {LinkFrameRelay, slices.Concat([]byte{0x18, 0x40, 0x40, 0x41, 3, 0xcc}, packet)},
		"Ethernet with a length": {LinkEthernet, slices.Concat(there, here, []byte{0, byte(len(data))}, data)},
	}
}

func TestLinksWithLLC(t *testing.T) {
	for name, c := range llcFrames() {
		t.Run(name, func(t *testing.T) {
			var p Packet
			require.Equal(t, Accepted, Parse(c.link, c.frame, len(c.frame), &p))
			require.Equal(t, []uint16{1000, 2000, flow.EtherTypeIPv4}, []uint16{p.SrcPort, p.DstPort, p.EtherType})
			if p.Has&HasMAC != 0 {
				require.Equal(t, []flow.MAC{flow.MAC(here), flow.MAC(there)}, []flow.MAC{p.SrcMAC, p.DstMAC})
			}
			for n := range len(c.frame) - len(ports) {
				require.NotEqual(t, Accepted, Parse(c.link, c.frame[:min(n, len(c.frame)-len(ports)-20)], 0, &p))
			}
		})
	}
}

func TestLinksWithoutIP(t *testing.T) {
	packet := ip4(flow.ProtoUDP, ports)
	wlan := slices.Concat([]byte{8, 1, 0, 0}, other, here, there, []byte{0, 0}, snapIPv4, packet)
	change := func(f []byte, at int, v byte) []byte {
		f = slices.Clone(f)
		f[at] = v
		return f
	}
	for name, c := range map[string]struct {
		link  LinkType
		frame []byte
		want  Refusal
	}{
		"802.11 beacon":        {LinkIEEE80211, change(wlan, 0, 0x80), UnsupportedLink},
		"802.11 without data":  {LinkIEEE80211, change(wlan, 0, 0x48), UnsupportedLink},
		"802.11 encrypted":     {LinkIEEE80211, change(wlan, 1, 0x41), UnsupportedLink},
		"FDDI token":           {LinkFDDI, slices.Concat([]byte{0x80}, there, here, snapIPv4, packet), LLC},
		"token ring MAC frame": {LinkTokenRing, slices.Concat([]byte{0x10, 0}, there, here, snapIPv4, packet), LLC},
		"STP in AAL5":          {LinkATM, []byte{0x42, 0x42, 3, 0, 0, 0, 0, 0, 0}, LLC},
		"SNAP of a vendor":     {LinkATM, []byte{0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1}, LLC},
		"Frame Relay, CLNP":    {LinkFrameRelay, []byte{0x18, 0x41, 3, 0x81, 0, 0}, OtherEtherType},
		"Frame Relay, vendor":  {LinkFrameRelay, []byte{0x18, 0x41, 3, 0x80, 0, 0, 0x0c, 0, 0}, OtherEtherType},
		"address without end":  {LinkFrameRelay, []byte{0, 0, 0, 0}, Truncated},
	} {
		var p Packet
		require.Equal(t, c.want, Parse(c.link, c.frame, len(c.frame), &p), name)
	}
}
