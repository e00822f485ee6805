package ebpf

import (
	"math/bits"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// once are the TCP flags that only one of the segments has into which a packet is
// cut: FIN, SYN, RST, PSH and CWR.
const once = 0x8f

// measure finds out what the packet at hand is on the wire, where each segment has
// headers of its own.
func (r *packetReader) measure() {
	f, p := &r.frame, &r.packet
	header, payload := int(p.HeaderLen), int(p.PayloadLen)
	if p.Tunnel != flow.TunnelNone && p.Inner.Has&packet.HasIP != 0 {
		header, payload = int(p.Inner.HeaderLen), int(p.Inner.PayloadLen)
	}
	segments := 1
	if f.SegmentSize > 0 {
		segments = max((payload+f.SegmentSize-1)/f.SegmentSize, 1)
	}
	bytes := f.Len + (segments-1)*header
	r.delta = flowtable.Delta{
		Start: f.Time, End: f.Time,
		Packets: uint64(segments), Bytes: uint64(bytes),
		StackPackets: 1, StackBytes: uint64(f.StackLen),
		TCPFlags: p.TCPFlags, MinTTL: p.TTL, MaxTTL: p.TTL,
	}
	if r.c.table.Statistics {
		r.describe(segments, bytes, header)
	}
}

// describe adds what Statistics tells. All segments are as long as the longest, but
// the last, which has what is left.
func (r *packetReader) describe(segments, bytes, header int) {
	longest, last := bytes, bytes
	if segments > 1 {
		longest = header + r.frame.SegmentSize
		last = bytes - (segments-1)*longest
	}
	squares := float64(segments-1)*float64(longest)*float64(longest) + float64(last)*float64(last)
	r.sums = flowtable.Statistics{
		Lengths: flowtable.Sums{
			Count: uint64(segments), Min: int64(last), Max: int64(longest), Sum: float64(bytes), Squares: squares,
		},
		HeaderBytes: uint64(segments * int(r.packet.HeaderLen)),
	}
	if r.packet.PayloadLen > 0 {
		r.sums.PayloadPackets = uint64(segments)
	}
	for flags := uint8(r.packet.TCPFlags); flags != 0; flags &= flags - 1 {
		i := bits.TrailingZeros8(flags)
		r.sums.Flags[i] = uint64(segments)
		if once>>i&1 != 0 {
			r.sums.Flags[i] = 1
		}
	}
	r.delta.Statistics = &r.sums
}
