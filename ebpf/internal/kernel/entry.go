//go:build linux

package kernel

import (
	"unsafe"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Entry is packets of one flow.
type Entry struct {
	Key    packet.Key
	Packet packet.Packet   // what the flow tells of the first packet
	Delta  flowtable.Delta // what was counted
	// Sockets are those that Config.Attribution tells.
	Sockets Sockets
	// At is when a frame was seen, in nanoseconds since the epoch.
	At int64

	statistics flowtable.Statistics
}

// take sums up what the CPUs counted of a flow. values holds their counts.
func (e *Entry) take(key *packet.Key, values []uint64, l layout, offset int64) {
	e.Key = *key
	e.Delta = flowtable.Delta{}
	e.Sockets = Sockets{}
	if l.statistics {
		e.statistics = flowtable.Statistics{}
		e.Delta.Statistics = &e.statistics
	}
	var first *bpf.FlowsValue
	var has packet.Has
	for ; len(values) > 0; values = values[l.words():] {
		v := (*bpf.FlowsValue)(unsafe.Pointer(&values[0]))
		if v.Packets == 0 {
			continue // this CPU saw none
		}
		if l.attribution {
			e.Sockets.add(values[l.attributionAt():])
		}
		if l.statistics {
			e.addStatistics((*bpf.FlowsValueStatistics)(unsafe.Pointer(v)))
		}
		e.add(v, offset)
		has |= packet.Has(v.Details.Has) & packet.HasTCPFlags
		if first == nil || v.First < first.First {
			first = v
		}
	}
	if first != nil {
		e.describe(first)
		e.Packet.Has |= has
	}
}

// add counts what one CPU counted.
func (e *Entry) add(v *bpf.FlowsValue, offset int64) {
	d := &e.Delta
	start, end := int64(v.First)+offset, int64(v.Last)+offset
	if d.Packets == 0 {
		d.Start, d.End, d.MinTTL, d.MaxTTL = start, end, v.MinTtl, v.MaxTtl
	}
	d.Start, d.End = min(d.Start, start), max(d.End, end)
	d.MinTTL, d.MaxTTL = min(d.MinTTL, v.MinTtl), max(d.MaxTTL, v.MaxTtl)
	d.Packets += v.Packets
	d.Bytes += v.Bytes
	d.StackPackets += v.StackPackets
	d.StackBytes += v.StackBytes
	d.TCPFlags |= v.Details.TcpFlags
}

// describe fills in the packet from the key and the details of the first one. It
// leaves what is in the unused part of Extra, which is most of a packet.
func (e *Entry) describe(v *bpf.FlowsValue) {
	k, d, p := &e.Key, &v.Details, &e.Packet
	p.Header = packet.Header{
		Src: k.Src, Dst: k.Dst,
		Details: packet.Details{
			Has:            packet.Has(d.Has),
			EtherType:      d.EtherType,
			FragmentOffset: d.FragmentOffset,
			IPFlags:        d.IpFlags,
			TTL:            d.Ttl,
			FragmentID:     d.FragmentId,
			FlowLabel:      d.FlowLabel,
			SrcMAC:         d.SrcMac, DstMAC: d.DstMac,
		},
		Proto:    k.Proto,
		TOS:      k.TOS,
		TCPFlags: d.TcpFlags,
	}
	if k.Has&packet.KeyPorts != 0 {
		p.SrcPort, p.DstPort = uint16(k.Ports>>16), uint16(k.Ports)
	} else if k.Has&packet.KeyICMP != 0 {
		p.ICMPType, p.ICMPCode = uint8(k.Ports>>8), uint8(k.Ports)
	}
	p.WireLen, p.IfIndex, p.IfName = 0, k.IfIndex, 0
	p.Direction = k.Has & (packet.KeyIngress | packet.KeyEgress)
	p.VLAN, p.InnerVLAN, p.Tags, p.VLANPriority = k.VLAN, k.InnerVLAN, d.Tags, d.VlanPriority
	p.LabelCount, p.Routing, p.Tunnel = 0, false, flow.TunnelNone
}
