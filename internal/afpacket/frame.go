//go:build linux

package afpacket

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Frame is a packet in the ring.
type Frame struct {
	Data     []byte // from the link-layer header on, as far as it was kept; valid until the next call of Next
	Len      int    // length, the VLAN tag that was put back included
	StackLen int    // length as the network stack counts it
	Time     int64  // nanoseconds since the epoch
	Outgoing bool   // the host sends it
	// Interface and Bare are those of the ring's Config.
	Interface int
	Bare      bool
	// SegmentSize is how much payload each segment carries when the frame is
	// more than one packet on the wire; else 0.
	SegmentSize int
}

const (
	tagBytes = 4
	macBytes = 12
	// vnetBytes is the length of a virtio_net_hdr, which stands before a frame.
	vnetBytes = 10
	// vnetSegmentSize is where its gso_size is; 0 when there is one segment.
	vnetSegmentSize = 4
	// addressAt is where the link-layer address stands, from a packet's header on.
	addressAt = (unix.SizeofTpacket3Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
)

// read makes a frame of the packet whose header is at the beginning of p.
func (f *Frame) read(p []byte, c *Config) {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0]))
	address := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&p[addressAt]))
	begin := int(h.Mac)
	vnet := p[begin-vnetBytes : begin]
	*f = Frame{
		Data:        p[begin : begin+int(h.Snaplen)],
		Len:         int(h.Len),
		StackLen:    int(h.Len),
		Time:        int64(h.Sec)*1e9 + int64(h.Nsec),
		Outgoing:    address.Pkttype == unix.PACKET_OUTGOING,
		Interface:   c.Interface,
		Bare:        c.Bare,
		SegmentSize: int(binary.NativeEndian.Uint16(vnet[vnetSegmentSize:])),
	}
	if !c.Bare && h.Status&unix.TP_STATUS_VLAN_VALID != 0 && len(f.Data) >= macBytes {
		f.Data = p[begin-tagBytes : begin+int(h.Snaplen)]
		f.Len += tagBytes
		putTag(f.Data, h)
	}
}

// putTag puts a VLAN tag behind the addresses of a frame that begins with as many
// free bytes.
func putTag(frame []byte, h *unix.Tpacket3Hdr) {
	copy(frame, frame[tagBytes:tagBytes+macBytes])
	kind := uint16(unix.ETH_P_8021Q)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		kind = h.Hv1.Vlan_tpid
	}
	binary.BigEndian.PutUint16(frame[macBytes:], kind)
	binary.BigEndian.PutUint16(frame[macBytes+2:], uint16(h.Hv1.Vlan_tci))
}
