package sflow

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// maxVLAN is the greatest VLAN id. Agents write greater ones for none.
const maxVLAN = 0xfff

// writeSwitch writes the VLANs that the frame was switched from and to. The
// priority is the frame's own if it has a tag.
func (f *found) writeSwitch(b *flow.Batch, fl *flow.Flow) {
	const none = 0xffffffff
	src, priority, dst := u32(f.vlan), u32(f.vlan[4:]), u32(f.vlan[8:])
	if src <= maxVLAN {
		fl.SetSrcVLAN(uint16(src))
	}
	if dst <= maxVLAN {
		fl.SetDstVLAN(uint16(dst))
	}
	if priority != none && src > 0 && src <= maxVLAN && !fl.Has(flow.FieldVLAN) {
		b.SetVLANPriority(fl, uint8(priority&7))
	}
}

// writeTunnelVLANs puts the tags that were stripped before those that the header
// still has.
func (m *rare) writeTunnelVLANs(b *flow.Batch, fl *flow.Flow, p *packet.Packet) {
	list := m.tunnelVLANs
	if len(list) < 4 {
		return
	}
	tag := u32(list)
	fl.SetVLAN(uint16(tag & maxVLAN))
	b.SetVLANPriority(fl, uint8(tag>>13&7))
	switch {
	case len(list) >= 8:
		b.SetInnerVLAN(fl, uint16(u32(list[4:])&maxVLAN))
	case p.Tags > 0:
		b.SetInnerVLAN(fl, p.VLAN)
	}
}
