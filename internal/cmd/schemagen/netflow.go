package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/flowpipeline/pipeline/flow/schema"
)

// writeElements writes which field an information element fills, and where in
// the Flow struct the fields lie.
func writeElements(b *bytes.Buffer, rows []schema.Field) {
	p := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	type element struct {
		schema.IE
		field string
	}
	var all []element
	for _, f := range rows {
		for _, e := range f.IPFIX {
			all = append(all, element{e, f.Name})
		}
	}
	slices.SortFunc(all, func(a, b element) int { return cmp.Or(cmp.Compare(a.PEN, b.PEN), cmp.Compare(a.ID, b.ID)) })

	p("package netflow\n\nimport (\n\"unsafe\"\n\n\"github.com/flowpipeline/pipeline/flow\"\n)\n")
	p("// elementField returns the field that an information element fills, 0 for none.")
	p("func elementField(pen uint32, id uint16) flow.Field {\nswitch pen {")
	for i, e := range all {
		if i == 0 || all[i-1].PEN != e.PEN {
			if i > 0 {
				p("}")
			}
			p("case %d:\nswitch id {", e.PEN)
		}
		p("case %d:\nreturn flow.Field%s", e.ID, e.field)
	}
	p("}\n}\nreturn 0\n}\n")

	p("// offsetOf returns where a field lies in the Flow struct; false for a column.")
	p("func offsetOf(f flow.Field) (uint16, bool) {\nswitch f {")
	for _, f := range rows {
		if f.Where >= 0 {
			p("case flow.Field%s:\nreturn uint16(unsafe.Offsetof(flow.Flow{}.%[1]s)), true", f.Name)
		}
	}
	p("}\nreturn 0, false\n}")
}
