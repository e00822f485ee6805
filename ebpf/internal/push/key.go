package push

import (
	"math/bits"
	"slices"
	"unsafe"

	"github.com/cilium/ebpf/asm"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// slot says where in a key a number is.
type slot struct {
	offset uintptr
	size   asm.Size
	mask   uint32 // of what is loaded, 0 for all of it
	shift  int    // to the right
	// needs are bits of Has of which one must be set, and excludes of which none
	// may; else the number is 0.
	needs, excludes packet.KeyHas
}

const (
	atPorts = unsafe.Offsetof(packet.Key{}.Ports)
	atIf    = unsafe.Offsetof(packet.Key{}.IfIndex)
	atHas   = unsafe.Offsetof(packet.Key{}.Has)
)

// numbers are the fields of a flow that are numbers in its key. The ports of a key
// that has none are 0, but for those of ICMP, which are less than 1<<16.
var numbers = map[flow.Field]slot{
	flow.FieldSrcPort:   {offset: atPorts, size: asm.Word, shift: 16},
	flow.FieldDstPort:   {offset: atPorts, size: asm.Word, mask: 0xffff, needs: packet.KeyPorts},
	flow.FieldICMPType:  {offset: atPorts, size: asm.Word, mask: 0xff00, shift: 8, needs: packet.KeyICMP},
	flow.FieldICMPCode:  {offset: atPorts, size: asm.Word, mask: 0xff, needs: packet.KeyICMP},
	flow.FieldInIf:      {offset: atIf, size: asm.Word, excludes: packet.KeyEgress},
	flow.FieldOutIf:     {offset: atIf, size: asm.Word, needs: packet.KeyEgress},
	flow.FieldVLAN:      {offset: unsafe.Offsetof(packet.Key{}.VLAN), size: asm.Half},
	flow.FieldInnerVLAN: {offset: unsafe.Offsetof(packet.Key{}.InnerVLAN), size: asm.Half},
	flow.FieldProto:     {offset: unsafe.Offsetof(packet.Key{}.Proto), size: asm.Byte},
	flow.FieldTOS:       {offset: unsafe.Offsetof(packet.Key{}.TOS), size: asm.Byte},
	flow.FieldDirection: {offset: atHas, size: asm.Half, mask: uint32(packet.KeyEgress), shift: bits.TrailingZeros16(uint16(packet.KeyEgress))},
}

// addresses are the fields that are addresses in it. Every key has both.
var addresses = map[flow.Field]uintptr{
	flow.FieldSrcAddr: unsafe.Offsetof(packet.Key{}.Src),
	flow.FieldDstAddr: unsafe.Offsetof(packet.Key{}.Dst),
}

// presence has, for the fields that not every flow has, the bits of Has of which
// one tells that it is there.
var presence = map[flow.Field]packet.KeyHas{
	flow.FieldSrcPort:   packet.KeyPorts,
	flow.FieldDstPort:   packet.KeyPorts,
	flow.FieldICMPType:  packet.KeyICMP,
	flow.FieldICMPCode:  packet.KeyICMP,
	flow.FieldVLAN:      packet.KeyVLAN,
	flow.FieldInnerVLAN: packet.KeyInnerVLAN,
	flow.FieldDirection: packet.KeyIngress | packet.KeyEgress,
}

// absent are fields that other sources have for what a key tells. Expressions ask
// for them together with those of the key, as "vlan" does.
var absent = []flow.Field{flow.FieldSrcVLAN, flow.FieldDstVLAN}

// known reports whether a key tells the outcome of a test.
func known(t filter.Test) bool {
	return !slices.ContainsFunc(t.Fields, func(f flow.Field) bool {
		_, number := numbers[f]
		_, address := addresses[f]
		return !number && !address && f != flow.FieldEtherType && !slices.Contains(absent, f)
	})
}

// lowered returns what a form asks of a key. Its tests must be known.
func lowered(f filter.Form) condition {
	switch f := f.(type) {
	case filter.Every:
		return join(true, loweredAll(f))
	case filter.Some:
		return join(false, loweredAll(f))
	}
	t := f.(filter.Test)
	cs := make([]condition, len(t.Fields))
	for i, field := range t.Fields {
		switch t.Kind {
		case filter.TestNumbers:
			cs[i] = numberIn(field, t.Numbers)
		case filter.TestAddrs:
			cs[i] = &addrTest{addresses[field], t.Addrs}
		case filter.TestPresence:
			cs[i] = isPresent(field)
		}
	}
	return invert(join(t.All, cs), t.Negated)
}

func loweredAll(forms []filter.Form) []condition {
	cs := make([]condition, len(forms))
	for i, f := range forms {
		cs[i] = lowered(f)
	}
	return cs
}

func numberIn(f flow.Field, ranges []filter.NumberRange) condition {
	has := func(v uint64) bool {
		return slices.ContainsFunc(ranges, func(r filter.NumberRange) bool { return r.From <= v && v <= r.To })
	}
	if at, ok := numbers[f]; ok {
		return &numberTest{at, ranges, has(0)}
	}
	if f != flow.FieldEtherType {
		return fixed(has(0))
	}
	v4, v6 := has(flow.EtherTypeIPv4), has(flow.EtherTypeIPv6)
	if v4 == v6 {
		return fixed(v4)
	}
	return invert(bitTest(packet.KeyIPv6), v4)
}

func isPresent(f flow.Field) condition {
	switch has, ok := presence[f]; {
	case ok:
		return bitTest(has)
	case f == flow.FieldInIf || f == flow.FieldOutIf:
		return inverse{&numberTest{numbers[f], []filter.NumberRange{{}}, true}} // not 0
	}
	return fixed(!slices.Contains(absent, f))
}

// bitTest holds when one of some bits of Has is set.
type bitTest packet.KeyHas

func (t bitTest) jump(a *assembler, want bool, to label) {
	a.add(asm.LoadMem(value, key, int16(atHas), asm.Half), asm.And.Imm32(value, int32(t)))
	a.jumpIf(!want, value, 0, to)
}
