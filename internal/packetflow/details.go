package packetflow

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Details is what a flow tells of its first packet alone, beside its key and the
// rarer fields of packet.Extra. It holds no pointer.
type Details struct {
	has            packet.Has
	etherType      uint16
	fragmentOffset uint16
	fragmentID     uint32
	flowLabel      uint32
	ifName         flow.Symbol
	srcMAC, dstMAC flow.MAC
	ipFlags        uint8
	ttl            uint8
	vlanPriority   uint8
	tagged         bool
}

// Take takes over a packet's details.
func (d *Details) Take(p *packet.Packet) {
	*d = Details{
		has:            p.Has,
		etherType:      p.EtherType,
		fragmentOffset: p.FragmentOffset,
		fragmentID:     p.FragmentID,
		flowLabel:      p.FlowLabel,
		ifName:         p.IfName,
		srcMAC:         p.SrcMAC,
		dstMAC:         p.DstMAC,
		ipFlags:        p.IPFlags,
		ttl:            p.TTL,
		vlanPriority:   p.VLANPriority,
		tagged:         p.Tags > 0,
	}
}

// Write writes the details into a flow of b.
func (d *Details) Write(b *flow.Batch, fl *flow.Flow) {
	if d.has&packet.HasEtherType != 0 && d.etherType >= minEtherType {
		fl.SetEtherType(d.etherType)
	}
	if d.ifName != 0 {
		fl.SetInIfName(d.ifName)
	}
	if !d.srcMAC.IsZero() {
		fl.SetSrcMAC(d.srcMAC)
	}
	if !d.dstMAC.IsZero() {
		fl.SetDstMAC(d.dstMAC)
	}
	if d.tagged {
		b.SetVLANPriority(fl, d.vlanPriority)
	}
	if d.has&packet.HasIP != 0 {
		d.network(fl)
	}
}

func (d *Details) network(fl *flow.Flow) {
	fl.SetTTL(d.ttl)
	v4 := d.etherType == flow.EtherTypeIPv4
	fragment := d.has&packet.HasFragment != 0
	if v4 || fragment {
		fl.SetIPFlags(d.ipFlags)
	}
	if !v4 {
		fl.SetFlowLabel(d.flowLabel)
	}
	if fragment {
		fl.SetFragmentID(d.fragmentID)
		fl.SetFragmentOffset(d.fragmentOffset)
	}
}
