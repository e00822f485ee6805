package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow/schema"
)

func writeFields(b *bytes.Buffer, rows []schema.Field) {
	p := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	p("package flow\n\nimport \"unsafe\"\n")
	p("// The fields of the schema: first those of the Flow struct, then the columns.")
	p("const (\n_ Field = iota")
	first := ""
	for _, f := range rows {
		if f.Where < 0 && first == "" {
			first = f.Name
		}
		p("Field%s // %s", f.Name, f.Doc)
	}
	p("\n// NumFields is the number of the first extension.\nNumFields")
	p(")\n\nconst firstColumn = Field%s\n", first)

	p("var fieldInfos = [NumFields]FieldInfo{")
	for _, f := range rows {
		var ies []string
		for _, e := range f.IPFIX {
			ies = append(ies, fmt.Sprintf("{%d, %d}", e.PEN, e.ID))
		}
		enum, ipfix, where := "", "", fmt.Sprintf("offset: uint16(unsafe.Offsetof(Flow{}.%s))", f.Name)
		if len(ies) > 0 {
			ipfix = "IPFIX: []IE{" + strings.Join(ies, ", ") + "}, "
		}
		if f.Enum != "" {
			enum = fmt.Sprintf("Enum: %q, enum: enum%[1]s, ", f.Enum)
		}
		if f.Where < 0 {
			where = "Column: true"
		}
		p("Field%s: {Field: Field%[1]s, Name: %q, GoName: %[1]q, ProtoName: %[3]q, Proto: %d, Kind: Kind%s, Doc: %q, Unit: %q, %s%s%s},",
			f.Name, f.JSONName(), f.ProtoFieldName(), f.Proto, f.Kind, f.Doc, f.Unit, enum, ipfix, where)
	}
	p("}\n\nvar fieldOrder = [...]Field{")
	for _, f := range schema.Fields {
		p("Field%s,", f.Name)
	}
	p("}\n\nvar fieldNames = map[string]Field{")
	seen := map[string]bool{}
	for _, pick := range []func(*schema.Field) string{
		(*schema.Field).JSONName, func(f *schema.Field) string { return f.Name }, (*schema.Field).ProtoFieldName, (*schema.Field).ProtoJSONName,
	} {
		for i := range schema.Fields {
			f := &schema.Fields[i]
			if n := pick(f); !seen[n] {
				seen[n] = true
				p("%q: Field%s,", n, f.Name)
			}
		}
	}
	p("}")
}

func writeFlow(b *bytes.Buffer, rows []schema.Field) {
	p := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	p("package flow\n")
	p("// Flow is one flow record, without pointers: copy it, compare it, use it as")
	p("// part of a map key. Fields are grouped by cache line. Read them directly; write")
	p("// them with their Set methods, which mark them present.")
	p("type Flow struct {\npresent [2]uint64\n")
	pad := 0
	for line := schema.Line0; line <= schema.Line3; line++ {
		for _, f := range rows {
			if f.Where == line {
				p("%s %s // %s%s", f.Name, f.GoType(), f.Doc, unit(f))
			}
		}
		if gap := cacheLine - lineSize(rows, line); gap > 0 {
			pad++
			p("_ [%d]byte", gap)
		}
		p("")
	}
	p("}\n")
	for _, f := range rows {
		if f.Where >= 0 {
			p("// Set%s sets the %s%s.", f.Name, f.Doc, unit(f))
			p("func (fl *Flow) Set%s(v %s) {\nfl.%[1]s = v\nfl.mark(Field%[1]s)\n}\n", f.Name, f.GoType())
		}
	}
}

func unit(f schema.Field) string {
	if f.Unit == "" {
		return ""
	}
	return " [" + f.Unit + "]"
}

func writeColumns(b *bytes.Buffer, rows []schema.Field) {
	p := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	p("package flow\n")
	for _, f := range rows {
		if f.Where >= 0 {
			continue
		}
		p("// %s returns the %s%s, and whether it is set.", f.Name, f.Doc, unit(f))
		p("func (b *Batch) %s(fl *Flow) (%s, bool) {", f.Name, f.GoType())
		switch f.Kind {
		case schema.Text:
			p("return b.Text(fl, Field%s)\n}\n", f.Name)
		case schema.U32s:
			p("return b.U32s(fl, Field%s)\n}\n", f.Name)
		case schema.Addrs:
			p("return b.Addrs(fl, Field%s)\n}\n", f.Name)
		default:
			p("return cell[%s](b, fl, Field%s)\n}\n", f.GoType(), f.Name)
		}
		p("// Set%s sets the %s%s.", f.Name, f.Doc, unit(f))
		switch f.Kind {
		case schema.Text:
			p("func (b *Batch) Set%s(fl *Flow, v string) {\nsetCell(b, fl, Field%[1]s, b.AppendText(v))\n}\n", f.Name)
		case schema.U32s:
			p("func (b *Batch) Set%s(fl *Flow, v []uint32) {\nsetCell(b, fl, Field%[1]s, b.appendList(v))\n}\n", f.Name)
		case schema.Addrs:
			p("func (b *Batch) Set%s(fl *Flow, v []Addr) {\nsetCell(b, fl, Field%[1]s, b.appendAddrs(v))\n}\n", f.Name)
		default:
			p("func (b *Batch) Set%s(fl *Flow, v %s) { setCell(b, fl, Field%[1]s, v) }\n", f.Name, f.GoType())
		}
	}
}

func writeEnums(b *bytes.Buffer, _ []schema.Field) {
	p := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	p("package flow\n")
	names := enumNames()
	for _, name := range names {
		e := schema.Enums[name]
		ref := ""
		if e.Ref != "" {
			ref = " (" + e.Ref + ")"
		}
		p("// Values of %s: %s%s.\nconst (", name, e.Doc, ref)
		for _, v := range e.Values {
			p("%s%s = %d", name, v.Name, v.Number)
		}
		p(")\n")
	}
	for _, name := range names {
		p("var enum%s = []enumValue{", name)
		for _, v := range schema.Enums[name].Values {
			p("{%d, %q},", v.Number, v.Text)
		}
		p("}\n")
	}
}
