package netflow

import (
	"cmp"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// compiler makes a program of a template.
type compiler struct {
	*Decoder
	ex      *exporter
	version uint16
	t       *template
	p       *program
	scratch flow.Batch // has no flows: it marks fields of the prototype

	layered bool // headers of an outer and an inner packet
	seen    map[flow.Field]bool
	ids     map[uint16]bool
}

// compile makes the program of a data template. The decoder lends its mappings.
func (d *Decoder) compile(ex *exporter, t *template) *program {
	c := compiler{Decoder: d, ex: ex, version: ex.key.version, t: t, p: &program{}, seen: map[flow.Field]bool{}, ids: map[uint16]bool{}}
	if t.options {
		return c.p
	}
	c.layered = layered(t.fields)
	for _, p := range c.places() {
		c.add(p)
	}
	c.infer()
	c.mark(flow.FieldType, flow.FieldTimeReceived, flow.FieldSequenceNum, flow.FieldExporter, flow.FieldObservationDomain)
	c.p.proto.Type = flow.TypeNetFlowV9
	if c.version == versionIPFIX {
		c.p.proto.Type = flow.TypeIPFIX
	}
	return c.p
}

// place is where a field lies in a template and in a record.
type place struct {
	field
	index int // in the template
	part  int // see layout
	src   int // in the part
}

// places returns the fields in the order in which they are compiled: of the
// elements that fill one field, that which tells most comes first. The fields of
// an outer packet stay before those of the inner.
func (c *compiler) places() []place {
	all := make([]place, len(c.t.fields))
	part, src := 0, 0
	for i, f := range c.t.fields {
		all[i] = place{f, i, part, src}
		if c.varies(f) {
			part, src = part+1, 0
		} else {
			src += int(f.length)
		}
	}
	if !c.layered {
		slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(c.rank(a.field), c.rank(b.field)) })
	}
	return all
}

// varies reports whether each record tells the length of a field.
func (c *compiler) varies(f field) bool { return c.t.variable && f.length == variableLength }

// rank returns the place of an element among those that fill its field.
func (c *compiler) rank(f field) int {
	ie := flow.IE{PEN: f.pen, ID: f.id}
	if _, ok := c.extra[ie]; ok {
		return 0
	}
	if info := elementField(f.pen, f.id).Info(); info != nil {
		return slices.Index(info.IPFIX, ie)
	}
	return 0
}

// layered reports whether a template describes two packets, one in another: then
// it has an element of their headers twice (RFC 7011 8).
func layered(fields []field) bool {
	counts := map[uint16]int{}
	for _, f := range fields {
		if f.pen != 0 {
			continue
		}
		switch f.id {
		case ieProtocol, ieClassOfService, ieTCPControlBits, ieSourcePort, ieDestinationPort,
			ieSourceIPv4, ieDestinationIPv4, ieSourceIPv6, ieDestinationIPv6:
			if counts[f.id]++; counts[f.id] > 1 {
				return true
			}
		}
	}
	return false
}

// inner returns the field of the inner packet for one of the outer.
func inner(f flow.Field) flow.Field {
	switch f {
	case flow.FieldSrcAddr:
		return flow.FieldInnerSrcAddr
	case flow.FieldDstAddr:
		return flow.FieldInnerDstAddr
	case flow.FieldProto:
		return flow.FieldInnerProto
	case flow.FieldSrcPort:
		return flow.FieldInnerSrcPort
	case flow.FieldDstPort:
		return flow.FieldInnerDstPort
	case flow.FieldEtherType:
		return flow.FieldInnerEtherType
	case flow.FieldTOS:
		return flow.FieldInnerTOS
	case flow.FieldTCPFlags:
		return flow.FieldInnerTCPFlags
	case flow.FieldSrcMAC:
		return flow.FieldInnerSrcMAC
	case flow.FieldDstMAC:
		return flow.FieldInnerDstMAC
	}
	return 0
}

// egress returns the field of the output side for an element that has one number
// for both sides and comes twice.
func egress(f flow.Field) flow.Field {
	switch f {
	case flow.FieldInIfName:
		return flow.FieldOutIfName
	case flow.FieldInIfDesc:
		return flow.FieldOutIfDesc
	case flow.FieldIngressVRFName:
		return flow.FieldEgressVRFName
	}
	return 0
}

// mark makes fields of the struct present in every flow of the template.
func (c *compiler) mark(fields ...flow.Field) {
	for _, f := range fields {
		if f.Info().Kind == flow.KindAddr {
			c.scratch.SetAddr(&c.p.proto, f, flow.Addr{})
		} else {
			c.scratch.SetUint(&c.p.proto, f, 0)
		}
	}
}

// add compiles one field.
func (c *compiler) add(f place) {
	if f.length == 0 || f.pen == 0 && f.id == iePadding {
		return
	}
	in := instr{part: uint16(f.part), src: uint16(f.src), size: f.length, behind: c.varies(f.field)}
	if !c.resolve(f.field, &in) {
		if u := c.store.cfg.Unmapped; u != nil {
			key := elementKey{flow.IE{PEN: f.pen, ID: f.id}, c.ex.addr.Unmap(), f.length}
			c.p.unmapped = append(c.p.unmapped, unmappedField{f.index, u.sighting(key)})
		}
		return
	}
	if f.pen == 0 {
		c.ids[f.id] = true
	}
	if in.op == opInit {
		// Before the times that need it.
		c.p.code = append([]instr{in}, c.p.code...)
		return
	}
	if in.field != 0 {
		if c.seen[in.field] && in.op != opItem {
			if second := c.second(in.field); second != 0 {
				in.field = second
			} else {
				in.empty = true
			}
		}
		c.seen[in.field] = true
	}
	if c.quicken(&in); in.op < opGeneral {
		c.p.fast = append(c.p.fast, in)
	} else {
		c.p.code = append(c.p.code, in)
	}
}

// second returns where the second value of a field belongs, 0 if it stands in
// for the first.
func (c *compiler) second(f flow.Field) flow.Field {
	other := egress(f)
	if c.layered {
		other = inner(f)
	}
	if c.seen[other] {
		return 0
	}
	return other
}

// resolve finds what to do with a field; false if nothing.
func (c *compiler) resolve(f field, in *instr) bool {
	ie := flow.IE{PEN: f.pen, ID: f.id}
	if custom, ok := c.extra[ie]; ok {
		in.field = custom
	} else if c.special(f, in) {
		return true
	} else {
		in.field = elementField(f.pen, f.id)
	}
	info := c.layout.Info(in.field)
	if info == nil {
		return false
	}
	fits := true
	switch info.Kind {
	case flow.KindU8, flow.KindU16, flow.KindU32, flow.KindU64:
		in.op = opUint
	case flow.KindTime:
		in.op, fits = opMilli, f.length == 8
	case flow.KindAddr:
		in.op, fits = opAddr, f.length == 4 || f.length == 16
	case flow.KindMAC:
		in.op, fits = opMAC, f.length == 6
	case flow.KindSymbol:
		in.op = opSymbol
	case flow.KindText, flow.KindCountry:
		in.op = opText
	case flow.KindU32s:
		in.op = opWords
	case flow.KindAddrs:
		in.op = opSegments
	}
	return fits || c.varies(f)
}

// quicken turns an instruction into a fast one if there is one, and marks the
// fields that every record then has.
func (c *compiler) quicken(in *instr) {
	if in.empty || in.behind {
		return
	}
	dst, inStruct := offsetOf(in.field)
	if !inStruct {
		if in.op == opUint || in.op == opAddr {
			in.op, in.index = opColumn, uint8(c.layout.Info(in.field).Kind)
		}
		return
	}
	in.dst = dst
	switch kind := in.field.Info().Kind; {
	case in.op == opUint:
		c.mark(in.field)
		if copies := numbers(in.size, kindSize(kind)); copies != nil {
			in.op, in.copy = opCopy, copies
		}
	case in.op == opAddr && in.size == 4:
		c.scratch.SetAddr(&c.p.proto, in.field, flow.AddrFrom4([4]byte{}))
		in.op, in.copy = opCopy, copyIPv4
		in.dst += 12
	case in.op == opAddr:
		c.mark(in.field)
		in.op, in.copy = opCopy, copyIPv6
	case in.op == opMAC:
		c.mark(in.field)
		in.op, in.copy = opCopy, copyMAC
	case in.op == opUptime && c.version == versionV9:
		c.mark(in.field)
		if in.size == 4 {
			in.op = opUptimeV9
		}
	case in.op == opMilli && in.size == 8 && in.field != flow.FieldTimeReceived && kind == flow.KindTime:
		c.mark(in.field)
		in.op = opMillis
	}
}

// kindSize returns how many bytes a number of the Flow struct takes.
func kindSize(k flow.Kind) uint16 {
	switch k {
	case flow.KindU8:
		return 1
	case flow.KindU16:
		return 2
	case flow.KindU32:
		return 4
	}
	return 8
}
