package netflow

import (
	"encoding/binary"
	"testing"
	"time"
)

// wireField is a field of a template that a test builds.
type wireField struct {
	id, length uint16
	pen        uint32
}

// routerFields are what a router of today exports.
var routerFields = []wireField{
	{8, 4, 0}, {12, 4, 0}, {15, 4, 0}, {10, 4, 0}, {14, 4, 0}, {2, 4, 0}, {1, 4, 0}, {22, 4, 0}, {21, 4, 0},
	{7, 2, 0}, {11, 2, 0}, {6, 1, 0}, {4, 1, 0}, {5, 1, 0}, {61, 1, 0}, {16, 4, 0}, {17, 4, 0}, {9, 1, 0}, {13, 1, 0},
}

var be = binary.BigEndian

func appendSet(p []byte, id uint16, body []byte) []byte {
	p = be.AppendUint16(p, id)
	p = be.AppendUint16(p, uint16(4+len(body)))
	return append(p, body...)
}

func templateBody(id uint16, fields []wireField) (p []byte) {
	p = be.AppendUint16(be.AppendUint16(p, id), uint16(len(fields)))
	for _, f := range fields {
		if f.pen != 0 {
			p = be.AppendUint32(be.AppendUint16(be.AppendUint16(p, f.id|0x8000), f.length), f.pen)
		} else {
			p = be.AppendUint16(be.AppendUint16(p, f.id), f.length)
		}
	}
	return p
}

// v9 and ipfix build datagrams of sets.
func v9(seq, domain uint32, sets ...[]byte) (p []byte) {
	p = be.AppendUint16(be.AppendUint16(p, 9), uint16(len(sets)))
	p = be.AppendUint32(be.AppendUint32(p, 5_000_000), 1_700_000_000)
	p = be.AppendUint32(be.AppendUint32(p, seq), domain)
	for _, s := range sets {
		p = append(p, s...)
	}
	return p
}

func ipfix(seq, domain uint32, sets ...[]byte) (p []byte) {
	p = be.AppendUint32(be.AppendUint16(be.AppendUint16(p, 10), 0), 1_700_000_000)
	p = be.AppendUint32(be.AppendUint32(p, seq), domain)
	for _, s := range sets {
		p = append(p, s...)
	}
	be.PutUint16(p[2:], uint16(len(p)))
	return p
}

// routerRecords builds n records of routerFields.
func routerRecords(fields []wireField, n int) (p []byte) {
	for i := range n {
		for _, f := range fields {
			switch f.id {
			case 4:
				p = append(p, 6)
			case 22, 21:
				p = be.AppendUint32(p, uint32(4_990_000+i))
			case 152, 153:
				p = be.AppendUint64(p, uint64(1_699_999_000_000+i))
			default:
				for k := range f.length {
					p = append(p, byte(i+int(k)+int(f.id)))
				}
			}
		}
	}
	return p
}

func v5(n int) (p []byte) {
	p = be.AppendUint16(be.AppendUint16(p, 5), uint16(n))
	p = be.AppendUint32(be.AppendUint32(be.AppendUint32(p, 5_000_000), 1_700_000_000), 123_000_000)
	p = be.AppendUint32(be.AppendUint32(p, 77), 0x4064)
	for i := range n {
		r := make([]byte, recordV5)
		for k := range r {
			r[k] = byte(i + k)
		}
		be.PutUint32(r[24:], 4_990_000)
		be.PutUint32(r[28:], 4_999_000)
		r[38] = 6
		p = append(p, r...)
	}
	return p
}

func ipfixFields() []wireField {
	fields := append([]wireField(nil), routerFields...)
	for i, f := range fields {
		switch f.id {
		case 22, 21:
			fields[i] = wireField{f.id + 130, 8, 0}
			if f.id == 22 {
				fields[i].id = 152
			} else {
				fields[i].id = 153
			}
		case 1, 2:
			fields[i].length = 8
		}
	}
	return fields
}

// columnFields are those of a router, and six that live in columns.
var columnFields = append(append([]wireField(nil), routerFields...),
	wireField{234, 4, 0}, wireField{235, 4, 0}, wireField{352, 8, 0}, wireField{85, 8, 0}, wireField{86, 8, 0}, wireField{252, 4, 0})

// variableFields are those of IPFIX with a user's name.
func variableFields() []wireField { return append(ipfixFields(), wireField{371, variableLength, 0}) }

func variableRecords(n int) (p []byte) {
	for range n {
		p = append(append(p, routerRecords(ipfixFields(), 1)...), 3, 'b', 'o', 'b')
	}
	return p
}

type benchCase struct {
	name    string
	setup   []byte
	payload []byte
	records int
}

func benchCases() []benchCase {
	const n = 24
	return []benchCase{
		{"v5", nil, v5(n), n},
		{"v9", v9(1, 7, appendSet(nil, 0, templateBody(256, routerFields))), v9(2, 7, appendSet(nil, 256, routerRecords(routerFields, n))), n},
		// What IPFIX's record costs as one of NetFlow v9: it is 16 bytes longer.
		{"v9-as-ipfix", v9(1, 7, appendSet(nil, 0, templateBody(256, ipfixFields()))), v9(2, 7, appendSet(nil, 256, routerRecords(ipfixFields(), n))), n},
		// With fields that live in columns, and with a record whose length varies.
		{"columns", v9(1, 7, appendSet(nil, 0, templateBody(256, columnFields))), v9(2, 7, appendSet(nil, 256, routerRecords(columnFields, n))), n},
		{"variable", ipfix(1, 7, appendSet(nil, 2, templateBody(256, variableFields()))), ipfix(1, 7, appendSet(nil, 256, variableRecords(n))), n},
		{"ipfix", ipfix(1, 7, appendSet(nil, 2, templateBody(256, ipfixFields()))), ipfix(1, 7, appendSet(nil, 256, routerRecords(ipfixFields(), n))), n},
	}
}

// BenchmarkDecode decodes datagrams of 24 records; ns/record is what counts.
func BenchmarkDecode(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name+"/ours", func(b *testing.B) {
			r := newRig(b, Config{}, 512)
			if c.setup != nil {
				r.flows(from(c.setup)...)
			}
			r.batch = nil
			r.owner.Finish(nil)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; {
				batch := r.owner.Begin(testNow, time.Time{})
				for k := 0; k < 512/c.records && i < b.N; k++ {
					r.dec.Begin(c.payload, testExporter, testNow)
					if !r.dec.Fill(batch) {
						b.Fatal("full")
					}
					i++
				}
				r.owner.Finish(nil)
			}
			reportPerRecord(b, c.records)
		})
		b.Run(c.name+"/goflow2", func(b *testing.B) {
			p := newPeer(b)
			if c.setup != nil {
				if _, err := p.decode(datagram{testExporter, c.setup}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				m, err := p.decode(datagram{testExporter, c.payload})
				if err != nil || len(m) != c.records {
					b.Fatal(len(m), err)
				}
				p.producer.Commit(m)
			}
			reportPerRecord(b, c.records)
		})
	}
}

func reportPerRecord(b *testing.B, records int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
}
