package anonymize

import (
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// plan is the fields to change.
type plan struct {
	addrs []address
	lists []flow.Field // of addresses
	macs  []flow.Field
	texts []text
	names []flow.Field
	notes []flow.Field
}

// address is the field of an address, and those that tell what became of it; 0 where
// there are none.
type address struct{ field, anon, preserved flow.Field }

// text is the text of the address in another field.
type text struct{ field, of flow.Field }

// newPlan takes the fields from the schema and the extensions, without those to keep.
func newPlan(l *flow.Layout, keep []string) (p plan, err error) {
	kept := map[flow.Field]bool{}
	for _, name := range keep {
		f, ok := l.Lookup(name)
		if !ok {
			return p, fmt.Errorf("Keep: there is no field %q", name)
		}
		kept[f] = true
	}
	for _, f := range append(flow.Fields(), l.Extensions()...) {
		if !kept[f] {
			p.add(l.Info(f))
		}
	}
	return p, nil
}

func (p *plan) add(info *flow.FieldInfo) {
	switch f := info.Field; info.Kind {
	case flow.KindAddr:
		anon, _ := flow.FieldByName(info.GoName + "Anon")
		preserved, _ := flow.FieldByName(info.GoName + "PreservedLen")
		p.addrs = append(p.addrs, address{f, anon, preserved})
	case flow.KindAddrs:
		p.lists = append(p.lists, f)
	case flow.KindMAC:
		p.macs = append(p.macs, f)
	case flow.KindText:
		p.addText(info)
	}
}

// addText takes a text for a name unless it is known to be something else.
func (p *plan) addText(info *flow.FieldInfo) {
	base, is := strings.CutSuffix(info.GoName, "Text")
	of, found := flow.FieldByName(base)
	switch {
	case is && found:
		p.texts = append(p.texts, text{info.Field, of})
	case info.Field == flow.FieldNote:
		p.notes = append(p.notes, info.Field)
	case info.Field == flow.FieldIfName: // of an interface, such as eth0
	default:
		p.names = append(p.names, info.Field)
	}
}
