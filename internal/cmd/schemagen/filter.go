package main

import (
	"bytes"

	"github.com/flowpipeline/pipeline/flow/schema"
)

// writeLayout writes where the filter's kernels find the fields of the struct.
func writeLayout(b *bytes.Buffer, rows []schema.Field) {
	p := printer(b)
	p("package filter\n\nimport (\n\"unsafe\"\n\n\"github.com/flowpipeline/pipeline/flow\"\n)\n")
	p("// offsets says where in a flow each field of the struct lies.")
	p("var offsets = [...]uintptr{")
	for _, f := range rows {
		if f.Where >= 0 {
			p("flow.Field%s: unsafe.Offsetof(flow.Flow{}.%[1]s),", f.Name)
		}
	}
	p("}")
}

// writeLeaves writes a predicate for each field.
func writeLeaves(b *bytes.Buffer, _ []schema.Field) {
	p := printer(b)
	p("package filter\n\nimport (\n\"net/netip\"\n\"time\"\n\n\"github.com/flowpipeline/pipeline/flow\"\n)\n")
	for i := range schema.Fields {
		f := &schema.Fields[i]
		of := "the " + f.Doc + unit(*f)
		switch f.Kind {
		case schema.U8, schema.U16, schema.U32, schema.U64:
			p("// %s matches flows by %s: any of the values. An absent one is 0.", f.Name, of)
			p("func %s(values ...%s) Predicate { return numberLeaf(flow.Field%[1]s, values) }\n", f.Name, f.GoType())
		case schema.Time:
			p("// %s matches flows by the time of %s: from one time up to another.", f.Name, f.Doc)
			p("func %s(from, to time.Time) Predicate { return timeLeaf(flow.Field%[1]s, from, to) }\n", f.Name)
		case schema.Addr:
			p("// %s matches flows by %s: in any of the prefixes.", f.Name, of)
			p("func %s(prefixes ...netip.Prefix) Predicate { return addrLeaf(flow.Field%[1]s, prefixes) }\n", f.Name)
		case schema.Addrs:
			p("// %s matches flows by %s: one of them in any of the prefixes.", f.Name, of)
			p("func %s(prefixes ...netip.Prefix) Predicate { return addrsLeaf(flow.Field%[1]s, prefixes) }\n", f.Name)
		case schema.MAC:
			p("// %s matches flows by %s: any of the addresses.", f.Name, of)
			p("func %s(macs ...flow.MAC) Predicate { return macLeaf(flow.Field%[1]s, macs) }\n", f.Name)
		case schema.Country:
			p("// %s matches flows by %s: any of the codes.", f.Name, of)
			p("func %s(countries ...flow.Country) Predicate { return countryLeaf(flow.Field%[1]s, countries) }\n", f.Name)
		case schema.Symbol, schema.Text:
			p("// %s matches flows by %s: any of the texts, case included.", f.Name, of)
			p("func %s(texts ...string) Predicate { return textLeaf(flow.Field%[1]s, texts) }\n", f.Name)
		case schema.U32s:
			p("// %s matches flows by %s: one of them any of the values.", f.Name, of)
			p("func %s(values ...uint32) Predicate { return listLeaf(flow.Field%[1]s, values) }\n", f.Name)
		}
	}
}
