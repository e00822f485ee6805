package flowtable

import (
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/packetflow"
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

	bytes, packets           uint64
	stackBytes, stackPackets uint64 // 0 when not known

	details packetflow.Details // of the first packet
	extra   ref                // rarer fields of it, 0 for none

	tcpFlags       uint16
	minTTL, maxTTL uint8
	closing        bool // FIN or RST was seen
	hasFlags       bool // the TCP flags are known
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
