package flowtable

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// record is a flow under way. It holds no pointer: records refer to each other
// by ref.
type record struct {
	key packet.Key
	tag uint32 // of the index

	activity link // in the list of idle or closing flows
	age      link // in the list of all flows

	start, end        int64  // of the packets
	born, seen        int64  // the table's clock at the first and latest packet
	firstSeq, lastSeq uint64 // numbers of the first and latest packet

	bytes, packets uint64

	has            packet.Has // of the first packet
	etherType      uint16
	tcpFlags       uint16
	fragmentOffset uint16
	fragmentID     uint32
	flowLabel      uint32
	ifName         flow.Symbol
	extra          ref // rarer fields, 0 for none
	srcMAC, dstMAC flow.MAC

	ipFlags             uint8
	ttl, minTTL, maxTTL uint8 // of the first packet, least, greatest
	vlanPriority        uint8
	closing             bool // FIN or RST was seen
	hasFlags            bool // the TCP flags are known
}

// first takes over what a flow tells of its first packet.
func (r *record) first(p *packet.Packet) {
	r.has = p.Has
	r.etherType = p.EtherType
	r.fragmentID, r.fragmentOffset, r.ipFlags = p.FragmentID, p.FragmentOffset, p.IPFlags
	r.flowLabel = p.FlowLabel
	r.ifName = p.IfName
	r.srcMAC, r.dstMAC = p.SrcMAC, p.DstMAC
	r.ttl, r.minTTL, r.maxTTL = p.TTL, p.TTL, p.TTL
	r.vlanPriority = p.VLANPriority
}

// count adds a packet.
func (r *record) count(p *packet.Packet, at int64) {
	r.bytes += uint64(p.WireLen)
	r.packets++
	r.start = min(r.start, at)
	r.end = max(r.end, at)
	r.minTTL = min(r.minTTL, p.TTL)
	r.maxTTL = max(r.maxTTL, p.TTL)
	r.tcpFlags |= p.TCPFlags
	if p.Has&packet.HasTCPFlags != 0 {
		r.hasFlags = true
	}
}

// extra holds what few flows have: what their first packet tells of labels,
// segments and a tunnel.
type extra struct {
	labels       [packet.MaxLabels]uint32
	segments     [packet.MaxSegments]flow.Addr
	inner        packet.Header
	tunnelID     uint64
	segmentTag   uint16
	labelCount   uint8
	segmentCount uint8
	segmentsLeft uint8
	tunnel       uint8
	hasTunnelID  bool
	routing      bool
}

func needsExtra(p *packet.Packet) bool {
	return p.LabelCount > 0 || p.Routing || p.Tunnel != flow.TunnelNone
}

func (x *extra) first(p *packet.Packet) {
	*x = extra{
		tunnelID:     p.TunnelID,
		segmentTag:   p.SegmentTag,
		labelCount:   p.LabelCount,
		segmentCount: p.SegmentCount,
		segmentsLeft: p.SegmentsLeft,
		tunnel:       p.Tunnel,
		hasTunnelID:  p.HasTunnelID,
		routing:      p.Routing,
	}
	copy(x.labels[:p.LabelCount], p.Labels[:])
	copy(x.segments[:p.SegmentCount], p.Segments[:])
	if p.Tunnel != flow.TunnelNone {
		x.inner = p.Inner
	}
}
