package netflow

import "github.com/flowpipeline/pipeline/flow"

// usual are the fields that are exported by default.
func usual(version uint16) []string {
	names := []string{
		"src_addr", "dst_addr", "next_hop", "in_if", "out_if", "packets", "bytes", "time_flow_start_ns", "time_flow_end_ns",
		"src_port", "dst_port", "proto", "ip_tos", "tcp_flags", "icmp_type", "icmp_code",
		"src_as", "dst_as", "src_net", "dst_net", "src_vlan", "dst_vlan",
	}
	if version == ipfix {
		names = append(names, "flow_end_reason")
	}
	return names
}

// Sizes of what follows the addresses in a usual record.
const (
	usualAddrs  = 3
	usualIPFIX  = 4 + 4 + 8 + 8 + 8 + 8 + 2 + 2 + 1 + 1 + 2 + 2 + 4 + 4 + 1 + 1 + 2 + 2 + 1 + 1
	usualV9     = 4 + 4 + 8 + 8 + 4 + 4 + 2 + 2 + 1 + 1 + 1 + 2 + 4 + 4 + 1 + 1 + 2 + 2 + 1
	usualCounts = 24 // bytes that both begin with
)

// fuse makes one instruction of those behind the addresses of a usual record,
// which is what nearly all records are.
func (t *template) fuse(version uint16) {
	in := instr{op: opUsualIPFIX, length: usualIPFIX}
	if version == v9 {
		in = instr{op: opUsualV9, length: usualV9}
	}
	t.code = append(t.code[:usualAddrs], in)
}

func usualHead(p *[usualCounts]byte, fl *flow.Flow) {
	be.PutUint32(p[0:], fl.InIf)
	be.PutUint32(p[4:], fl.OutIf)
	be.PutUint64(p[8:], fl.Packets)
	be.PutUint64(p[16:], fl.Bytes)
}

func (e *encoder) usualIPFIX(p *[usualIPFIX]byte, fl *flow.Flow) {
	usualHead((*[usualCounts]byte)(p[:]), fl)
	be.PutUint64(p[24:], e.clock.millis(fl.TimeStart))
	be.PutUint64(p[32:], e.clock.millis(fl.TimeEnd))
	be.PutUint16(p[40:], fl.SrcPort)
	be.PutUint16(p[42:], fl.DstPort)
	p[44], p[45] = fl.Proto, fl.TOS
	be.PutUint16(p[46:], fl.TCPFlags)
	p[48], p[49] = fl.ICMPType, fl.ICMPCode
	be.PutUint32(p[50:], fl.SrcAS)
	be.PutUint32(p[54:], fl.DstAS)
	p[58], p[59] = fl.SrcPrefixLen, fl.DstPrefixLen
	be.PutUint16(p[60:], fl.SrcVLAN)
	be.PutUint16(p[62:], fl.DstVLAN)
	p[64], p[65] = fl.EndReason, e.sampler
}

func (e *encoder) usualV9(p *[usualV9]byte, fl *flow.Flow) {
	usualHead((*[usualCounts]byte)(p[:]), fl)
	be.PutUint32(p[24:], e.clock.uptime(fl.TimeStart, fl.TimeEnd))
	be.PutUint32(p[28:], e.clock.uptime(fl.TimeEnd, fl.TimeStart))
	be.PutUint16(p[32:], fl.SrcPort)
	be.PutUint16(p[34:], fl.DstPort)
	p[36], p[37], p[38] = fl.Proto, fl.TOS, uint8(fl.TCPFlags)
	p[39], p[40] = fl.ICMPType, fl.ICMPCode
	be.PutUint32(p[41:], fl.SrcAS)
	be.PutUint32(p[45:], fl.DstAS)
	p[49], p[50] = fl.SrcPrefixLen, fl.DstPrefixLen
	be.PutUint16(p[51:], fl.SrcVLAN)
	be.PutUint16(p[53:], fl.DstVLAN)
	p[55] = e.sampler
}
