//go:build linux

package afpacket

import (
	"encoding/binary"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/internal/packet"
)

// inRing lays a frame out as the kernel does: the header, the address, and the
// frame behind a virtio header and room for a tag.
func inRing(h unix.Tpacket3Hdr, data []byte, segment uint16) []byte {
	begin := addressAt + int(unsafe.Sizeof(unix.RawSockaddrLinklayer{})) + vnetBytes + tagBytes
	h.Mac, h.Snaplen = uint16(begin), uint32(len(data))
	p := make([]byte, begin+len(data))
	*(*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0])) = h
	binary.NativeEndian.PutUint16(p[begin-vnetBytes+vnetSegmentSize:], segment)
	copy(p[begin:], data)
	return p
}

// FuzzFrame reads frames of any bytes, with a tag beside them and without: what was
// taken out of the frame stands in it again, and package packet reads all of it.
func FuzzFrame(f *testing.F) {
	udp := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 18, 0xb5, 0, 8, 0, 0}
	f.Add(udp, uint32(unix.TP_STATUS_USER), uint16(0), uint16(0), uint16(0), false)
	f.Add(udp, uint32(unix.TP_STATUS_VLAN_VALID), uint16(0x2064), uint16(0), uint16(1448), false)
	f.Add(udp, uint32(unix.TP_STATUS_VLAN_VALID|unix.TP_STATUS_VLAN_TPID_VALID), uint16(100), uint16(0x88a8), uint16(0), false)
	f.Add(udp[14:], uint32(unix.TP_STATUS_VLAN_VALID), uint16(100), uint16(0), uint16(0), true)
	f.Add(udp[:11], uint32(unix.TP_STATUS_VLAN_VALID), uint16(100), uint16(0), uint16(0), false)
	f.Fuzz(func(t *testing.T, data []byte, status uint32, tci, kind, segment uint16, bare bool) {
		h := unix.Tpacket3Hdr{Status: status, Len: uint32(len(data))}
		h.Hv1.Vlan_tci, h.Hv1.Vlan_tpid = uint32(tci), kind
		var frame Frame
		frame.read(inRing(h, data, segment), &Config{Interface: 7, Bare: bare})

		want := slices.Clone(data)
		if !bare && status&unix.TP_STATUS_VLAN_VALID != 0 && len(data) >= macBytes {
			if status&unix.TP_STATUS_VLAN_TPID_VALID == 0 {
				kind = unix.ETH_P_8021Q
			}
			want = slices.Insert(want, macBytes, byte(kind>>8), byte(kind), byte(tci>>8), byte(tci))
		}
		require.True(t, slices.Equal(want, frame.Data), "%x: %x", want, frame.Data)
		require.Equal(t, [2]int{len(want), len(data)}, [2]int{frame.Len, frame.StackLen})
		require.Equal(t, int(segment), frame.SegmentSize)
		var p packet.Packet
		packet.Parse(packet.LinkEthernet, frame.Data, frame.Len, &p)
	})
}
