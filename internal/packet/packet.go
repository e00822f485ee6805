package packet

import "github.com/flowpipeline/pipeline/flow"

// Bounds on what a Packet keeps, and on what Parse follows.
const (
	MaxLabels   = 8  // MPLS labels that are kept
	MaxSegments = 8  // SRv6 segments that are kept
	maxTags     = 8  // VLAN tags that are followed
	maxStack    = 32 // MPLS labels that are followed
	maxStacks   = 4  // label stacks, one inside the other
	maxHeaders  = 16 // IPv6 extension headers that are followed
)

// Has says which parts of a Header are known.
type Has uint16

// Parts of a header.
const (
	HasMAC       Has = 1 << iota // DstMAC and SrcMAC
	HasSrcMAC                    // SrcMAC alone, as in a cooked capture
	HasEtherType                 // EtherType
	HasIP                        // Src to FlowLabel
	HasFragment                  // FragmentID, FragmentOffset, FragmentProto: the packet is a fragment
	HasPorts                     // SrcPort and DstPort
	HasTCPFlags                  // TCPFlags
	HasICMP                      // ICMPType and ICMPCode
)

// Header holds the fields of a link, network and transport header. What Has does
// not name is zero.
type Header struct {
	Src, Dst flow.Addr
	Details

	// IPLen is the length that the IP header tells, header included. Where it
	// says 0 (segmentation offload, jumbograms) it is what is left of the frame.
	IPLen uint32
	// HeaderLen is where the transport's payload begins, in bytes from the
	// start of the frame.
	HeaderLen uint32
	// PayloadLen is the length of the transport's payload.
	PayloadLen uint32

	// FragmentProto is the protocol that every fragment of a packet tells: that
	// of the IPv4 header or of the fragment header. Headers that stand between
	// it and Proto are in the first fragment alone.
	FragmentProto uint8

	Proto uint8 // behind IPv6 extension headers and authentication headers
	TOS   uint8

	ICMPType, ICMPCode uint8

	SrcPort, DstPort uint16
	TCPFlags         uint16 // FIN 0x01 … CWR 0x80, NS 0x100
}

// Details are the fields of a Header that packets of one flow need not have in
// common.
type Details struct {
	Has            Has
	EtherType      uint16 // type of the payload behind all tags and labels
	FragmentOffset uint16 // in units of 8 bytes
	IPFlags        uint8  // reserved 4, don't fragment 2, more fragments 1
	TTL            uint8
	FragmentID     uint32
	FlowLabel      uint32 // IPv6 only
	SrcMAC, DstMAC flow.MAC
}

// Packet is one frame's header fields. Parse overwrites all of it except what a
// count or a flag says is not there.
type Packet struct {
	Header

	// WireLen is the length of the frame on the wire.
	WireLen uint32
	// IfIndex and IfName tell where the packet was seen. Parse sets IfIndex
	// from a Linux cooked v2 header and else to 0; IfName is the caller's.
	IfIndex uint32
	IfName  flow.Symbol
	// Direction is KeyIngress, KeyEgress or 0 for not known; the caller's.
	Direction KeyHas

	VLAN, InnerVLAN uint16 // the two outermost ids, as Tags tells
	Tags            uint8  // VLAN tags in the frame, without those inside a pseudowire
	VLANPriority    uint8  // of the outermost tag

	Extra
}

// Extra holds what few packets have: labels, segments, and what a tunnel carries.
// What a count or a flag says is not there means nothing.
type Extra struct {
	LabelCount   uint8             // entries of Labels
	SegmentCount uint8             // entries of Segments
	Routing      bool              // SegmentsLeft, SegmentTag and Segments are known
	SegmentsLeft uint8             // RFC 8754
	SegmentTag   uint16            // RFC 8754
	Labels       [MaxLabels]uint32 // MPLS label stack entries, top first
	Segments     [MaxSegments]flow.Addr

	// Tunnel is what carries Inner, one of flow.Tunnel…; flow.TunnelNone when
	// Inner means nothing.
	Tunnel      uint8
	HasTunnelID bool
	TunnelID    uint64 // VNI or GRE key
	Inner       Header
}

// Any reports whether there is anything in it.
func (x *Extra) Any() bool {
	return x.LabelCount > 0 || x.Routing || x.Tunnel != flow.TunnelNone
}

// Label returns the label of an entry of Labels.
func Label(entry uint32) uint32 { return entry >> 12 }

// LabelTTL returns the time to live of an entry of Labels.
func LabelTTL(entry uint32) uint32 { return entry & 0xff }

// FirstFragment reports whether the packet is the first fragment of several.
func (h *Header) FirstFragment() bool {
	return h.Has&HasFragment != 0 && h.FragmentOffset == 0
}

// LaterFragment reports whether the packet is a fragment other than the first:
// it has no transport header.
func (h *Header) LaterFragment() bool {
	return h.Has&HasFragment != 0 && h.FragmentOffset != 0
}
