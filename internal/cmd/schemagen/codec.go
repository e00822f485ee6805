package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow/schema"
)

// segment is a stretch of the table in its own order: a field of the struct, or
// a run of columns.
type segment struct {
	field *schema.Field // nil for a run
	last  string        // the run's last column
}

func segments() []segment {
	var segs []segment
	for i := range schema.Fields {
		f := &schema.Fields[i]
		switch n := len(segs); {
		case f.Where >= 0:
			segs = append(segs, segment{field: f})
		case n > 0 && segs[n-1].field == nil:
			segs[n-1].last = f.Name
		default:
			segs = append(segs, segment{last: f.Name})
		}
	}
	return segs
}

func printer(b *bytes.Buffer) func(string, ...any) {
	return func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
}

// writeRuns writes where the runs of columns end.
func writeRuns(b *bytes.Buffer, _ []schema.Field) {
	p := printer(b)
	p("package codec\n\nimport \"github.com/flowpipeline/pipeline/flow\"\n")
	p("// runEnds holds the last column of each run of columns that stands between two")
	p("// fields of the struct in the schema's order.")
	p("var runEnds = [...]flow.Field{")
	for _, s := range segments() {
		if s.field == nil {
			p("flow.Field%s,", s.last)
		}
	}
	p("}")
}

// keyRoom is the room of the name of a member, as internal/codec has it.
const keyRoom = 32

// writeJSONEncode writes the encoder of the struct's fields.
func writeJSONEncode(b *bytes.Buffer, _ []schema.Field) {
	p := printer(b)
	p("package codec\n\nimport \"github.com/flowpipeline/pipeline/flow\"\n")
	p("// appendFields appends the members of one flow's object, each with a comma before")
	p("// it.")
	p("func (e *JSONEncoder) appendFields(dst []byte, fl *flow.Flow) []byte {")
	p("dst, p := behind(dst)\nn := 0")
	var names []string
	run := 0
	columns := func() {
		p("if e.cols.has(%d) {\ndst, p = behind(e.appendColumns(dst[:len(dst)+n], fl, %[1]d))\nn = 0\n}", run)
		run++
	}
	for _, s := range segments() {
		if s.field == nil {
			columns()
			continue
		}
		f := s.field
		key := fmt.Sprintf(`,"%s":`, f.JSONName())
		if len(key) > keyRoom {
			panic("there is no room for the name " + f.JSONName())
		}
		names = append(names, fmt.Sprintf("key%s = keyOf(`%s`)", f.Name, key))
		p("if fl.Has(flow.Field%s) {\n*(*key)(p.at(n)) = key%[1]s\n%s\n}", f.Name, jsonPut(f, fmt.Sprintf("n+%d", len(key))))
	}
	columns()
	p("return dst[:len(dst)+n]\n}\n")
	p("var (\n%s\n)\n", strings.Join(names, "\n"))
	p("// fieldsRoom is the room for the fields of the struct.")
	p("const fieldsRoom = %d * (keyRoom + valueRoom)", len(names))
}

// jsonPut returns the statement that writes the value of a field at a place.
func jsonPut(f *schema.Field, at string) string {
	put := ""
	switch f.Kind {
	case schema.U8:
		put = "putOctet(p, %s, fl.%s)"
	case schema.U16:
		put = "putShort(p, %s, uint64(fl.%s))"
	case schema.U32:
		put = "putUint(p, %s, uint64(fl.%s))"
	case schema.U64:
		put = "e.putU64(p, %s, fl.%s)"
	case schema.Time:
		put = "e.putTime(p, %s, fl.%s)"
	case schema.Addr:
		put = "putJSONAddr(p, %s, &fl.%s)"
	case schema.MAC:
		put = "putJSONMAC(p, %s, fl.%s)"
	case schema.Country:
		put = "putJSONCountry(p, %s, fl.%s)"
	case schema.Symbol:
		return fmt.Sprintf("dst, p = behind(appendJSONString(dst[:len(dst)+%s], e.symbols.String(fl.%s)))\nn = 0", at, f.Name)
	default:
		panic("no JSON encoder for " + f.Kind)
	}
	if f.Name == "Type" {
		put = "putJSONType(p, %s, fl.%s)"
	}
	return "n = " + fmt.Sprintf(put, at, f.Name)
}

// writeNames writes what the JSON and protobuf decoders look names and numbers
// up in.
func writeNames(b *bytes.Buffer, _ []schema.Field) {
	p := printer(b)
	p("package codec\n\nimport \"github.com/flowpipeline/pipeline/flow\"\n")

	p("// foldedFields are the fields of other messages that live in a row of the")
	p("// schema.\nvar foldedFields = [...]folded{")
	kinds := map[string]schema.Kind{}
	for _, f := range schema.Fields {
		kinds[f.Name] = f.Kind
	}
	for _, f := range schema.FoldedFields {
		p("{name: %q, proto: %d, into: flow.Field%s, kind: %s, how: fold%s, index: %d},", f.ProtoName, f.Proto, f.Into, foldedKind(f, kinds), f.How, f.Index)
	}
	p("}\n")

	p("// jsonNames are the names of fields that the JSON decoder knows.\nvar jsonNames = [...]jsonName{")
	seen := map[string]bool{}
	for _, pick := range []func(*schema.Field) string{
		(*schema.Field).JSONName, func(f *schema.Field) string { return f.Name }, (*schema.Field).ProtoFieldName, (*schema.Field).ProtoJSONName,
	} {
		for i := range schema.Fields {
			f := &schema.Fields[i]
			n := pick(f)
			if seen[n] {
				continue
			}
			seen[n] = true
			enum := ""
			if f.Enum != "" {
				enum = ", enum: true"
			}
			p("{key: %q, field: flow.Field%s, kind: flow.Kind%s%s},", n, f.Name, f.Kind, enum)
		}
	}
	for i, f := range schema.FoldedFields {
		for _, n := range []string{f.ProtoName, (&schema.Field{ProtoName: f.ProtoName}).ProtoJSONName()} {
			if !seen[n] {
				seen[n] = true
				p("{key: %q, field: flow.Field%s, kind: %s, fold: %d},", n, f.Into, foldedKind(f, kinds), i+1)
			}
		}
	}
	p("}\n")

	p("// typeTexts are the names of the values of the field type.\nvar typeTexts = [...]string{")
	for _, v := range schema.Enums["Type"].Values {
		p("%d: `%q`,", v.Number, v.Text)
	}
	p("}")
}

// foldedKind is the kind of one folded value, which may be an item of a list.
func foldedKind(f schema.Folded, kinds map[string]schema.Kind) string {
	k := kinds[f.Into]
	switch {
	case f.How == schema.FoldIgnore:
		k = schema.U64
	case f.How == schema.FoldSecond || f.How == schema.FoldMilli:
		k = schema.U64
	case k == schema.U32s:
		k = schema.U32
	case k == schema.Addrs:
		k = schema.Addr
	}
	return "flow.Kind" + string(k)
}

// bytesLiteral writes a protobuf tag as arguments of append.
func bytesLiteral(tag uint64) string {
	var s []string
	for ; tag >= 0x80; tag >>= 7 {
		s = append(s, fmt.Sprintf("%#02x", tag&0x7f|0x80))
	}
	return strings.Join(append(s, fmt.Sprintf("%#02x", tag)), ", ")
}

// writeProtoEncode writes the encoder of the struct's fields.
func writeProtoEncode(b *bytes.Buffer, _ []schema.Field) {
	p := printer(b)
	p("package codec\n\nimport \"github.com/flowpipeline/pipeline/flow\"\n")
	p("// appendFields appends the fields of one flow.")
	p("func (e *ProtoEncoder) appendFields(dst []byte, fl *flow.Flow) []byte {")
	run := 0
	for _, s := range segments() {
		if s.field == nil {
			p("if e.cols.has(%d) {\ndst = e.appendColumns(dst, fl, %[1]d)\n}", run)
			run++
			continue
		}
		f := s.field
		wire, call := uint64(0), fmt.Sprintf("appendVarint(dst, uint64(fl.%s))", f.Name)
		switch f.Kind {
		case schema.MAC:
			call = fmt.Sprintf("appendVarint(dst, fl.%s.Uint64())", f.Name)
		case schema.Addr:
			wire, call = 2, fmt.Sprintf("appendProtoAddr(dst, &fl.%s)", f.Name)
		case schema.Country:
			wire, call = 2, fmt.Sprintf("appendProtoCountry(dst, fl.%s)", f.Name)
		case schema.Symbol:
			wire, call = 2, fmt.Sprintf("appendProtoString(dst, e.symbols.String(fl.%s))", f.Name)
		}
		p("if fl.Has(flow.Field%s) {\ndst = append(dst, %s)\ndst = %s\n}", f.Name, bytesLiteral(uint64(f.Proto)<<3|wire), call)
	}
	p("return dst\n}\n")

	p("// protoFields are the fields beyond the struct, and its own for the check of")
	p("// wire types, by protobuf number.\nvar protoFields = [...]protoField{")
	for i := range schema.Fields {
		f := &schema.Fields[i]
		p("{num: %d, field: flow.Field%s, kind: flow.Kind%s},", f.Proto, f.Name, f.Kind)
	}
	kinds := map[string]schema.Kind{}
	for _, f := range schema.Fields {
		kinds[f.Name] = f.Kind
	}
	for i, f := range schema.FoldedFields {
		p("{num: %d, field: flow.Field%s, kind: %s, fold: %d},", f.Proto, f.Into, foldedKind(f, kinds), i+1)
	}
	p("}")
}

// writeProtoDecode writes the decoder of the struct's fields.
func writeProtoDecode(b *bytes.Buffer, _ []schema.Field) {
	p := printer(b)
	p("package codec\n\nimport (\n\"math\"\n\n\"github.com/flowpipeline/pipeline/flow\"\n)\n")
	p("// setVarint sets a field of the struct that is a number on the wire. It reports")
	p("// what else it is: notHere for a field that does not belong here, tooBig for a")
	p("// number that does not fit.")
	p("func setVarint(fl *flow.Flow, num uint32, v uint64) verdict {")
	cases := func(low bool) {
		p("switch num {")
		for i := range schema.Fields {
			f := &schema.Fields[i]
			if f.Where < 0 || (f.Proto < 128) != low {
				continue
			}
			set := func(max, conv string) {
				p("case %d:", f.Proto)
				if max != "" {
					p("if v > %s {\nreturn tooBig\n}", max)
				}
				if f.Name == "SamplingRate" {
					p("if v == 0 { // nobody told it\nfl.Clear(flow.Field%s)\nreturn done\n}", f.Name)
				}
				p("fl.Set%s(%s)", f.Name, conv)
			}
			switch f.Kind {
			case schema.U8:
				set("math.MaxUint8", "uint8(v)")
			case schema.U16:
				set("math.MaxUint16", "uint16(v)")
			case schema.U32:
				set("math.MaxUint32", "uint32(v)")
			case schema.U64:
				set("", "v")
			case schema.Time:
				set("", "int64(v)")
			case schema.MAC:
				set("1<<48-1", "flow.MACFromUint64(v)")
			}
		}
		p("default:\nreturn notHere\n}")
	}
	p("if num < 128 {")
	cases(true)
	p("return done\n}")
	cases(false)
	p("return done\n}\n")

	p("// setAddr sets an address of the struct. It reports notHere for a field that")
	p("// is none, tooBig for a length that no address has.")
	p("func setAddr(fl *flow.Flow, num uint32, data []byte) verdict {\nswitch num {")
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if f.Where >= 0 && f.Kind == schema.Addr {
			p("case %d:\nif len(data) == 0 {\nfl.Clear(flow.Field%s)\nreturn done\n}\na, ok := flow.AddrFromSlice(data)\nif !ok {\nreturn tooBig\n}\nfl.Set%[2]s(a)", f.Proto, f.Name)
		}
	}
	p("default:\nreturn notHere\n}\nreturn done\n}")
}
