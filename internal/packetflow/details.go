package packetflow

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Details is what a flow tells of its first packet alone, beside its key and the
// rarer fields of packet.Extra. It holds no pointer.
type Details struct {
	header packet.Details
	link   link
}

// link is what the details tell of the packet's link.
type link struct {
	ifName       flow.Symbol
	vlanPriority uint8
	tagged       bool
	egress       bool
}

func linkOf(p *packet.Packet) link {
	return link{p.IfName, p.VLANPriority, p.Tags > 0, p.Direction == packet.KeyEgress}
}

// Take takes over a packet's details.
func (d *Details) Take(p *packet.Packet) { d.header, d.link = p.Details, linkOf(p) }

// Write writes the details into a flow of b.
func (d *Details) Write(b *flow.Batch, fl *flow.Flow) { details(b, fl, &d.header, d.link) }

func details(b *flow.Batch, fl *flow.Flow, d *packet.Details, l link) {
	if d.Has&packet.HasEtherType != 0 && d.EtherType >= minEtherType {
		fl.SetEtherType(d.EtherType)
	}
	switch {
	case l.ifName == 0:
	case l.egress:
		fl.SetOutIfName(l.ifName)
	default:
		fl.SetInIfName(l.ifName)
	}
	if !d.SrcMAC.IsZero() {
		fl.SetSrcMAC(d.SrcMAC)
	}
	if !d.DstMAC.IsZero() {
		fl.SetDstMAC(d.DstMAC)
	}
	if l.tagged {
		b.SetVLANPriority(fl, l.vlanPriority)
	}
	if d.Has&packet.HasIP != 0 {
		networkDetails(fl, d)
	}
}

func networkDetails(fl *flow.Flow, d *packet.Details) {
	fl.SetTTL(d.TTL)
	v4 := d.EtherType == flow.EtherTypeIPv4
	fragment := d.Has&packet.HasFragment != 0
	if v4 || fragment {
		fl.SetIPFlags(d.IPFlags)
	}
	if !v4 {
		fl.SetFlowLabel(d.FlowLabel)
	}
	if fragment {
		fl.SetFragmentID(d.FragmentID)
		fl.SetFragmentOffset(d.FragmentOffset)
	}
}
