package netflow

import (
	"encoding/binary"
	"fmt"

	"github.com/flowpipeline/pipeline/flow"
)

var be = binary.BigEndian

const (
	firstTemplate = 256
	maxAddrs      = 8 // addresses in a record
)

// instr writes one value of a record.
type instr struct {
	op     op
	length uint16 // on the wire, variable where the value tells it
	field  flow.Field
	list   element
}

// template is the form of records of one combination of address families.
type template struct {
	id     uint16
	code   []instr
	wire   []byte // the template record
	size   int    // of a record; the least, if lengths vary
	varies bool
	sent   bool // since the latest connection or interval
}

// templates are all that there may be: by a bit for the flow's family, and one for
// each address.
type templates struct {
	version uint16
	usual   bool // by default
	cols    []column
	addrs   []flow.Field // those whose family chooses the element
	byKey   []*template
	made    []*template // in the order they are sent in
}

func newTemplates(version uint16, usual bool, cols []column) (*templates, error) {
	ts := &templates{version: version, usual: usual, cols: cols}
	for _, c := range cols {
		if c.addr {
			ts.addrs = append(ts.addrs, c.field)
		}
	}
	if len(ts.addrs) > maxAddrs {
		return nil, fmt.Errorf("more than %d addresses in a record", maxAddrs)
	}
	ts.byKey = make([]*template, 1<<(1+len(ts.addrs)))
	ts.add(0)
	ts.add(len(ts.byKey) - 1)
	return ts, nil
}

// options returns the id of the options template.
func (ts *templates) options() uint16 { return uint16(firstTemplate + len(ts.byKey)) }

// of returns the template of a flow.
func (ts *templates) of(b *flow.Batch, fl *flow.Flow) *template {
	key := 0
	if family(fl) {
		key = 1
	}
	for i, f := range ts.addrs {
		var a *flow.Addr
		var column flow.Addr
		switch f {
		case flow.FieldSrcAddr:
			a = &fl.SrcAddr
		case flow.FieldDstAddr:
			a = &fl.DstAddr
		case flow.FieldNextHop:
			a = &fl.NextHop
		default:
			column, _ = b.Addr(fl, f)
			a = &column
		}
		// No address is of the flow's family.
		if !a.Is4() && (key&1 != 0 || !a.IsZero()) {
			key |= 2 << i
		}
	}
	if t := ts.byKey[key]; t != nil {
		return t
	}
	return ts.add(key)
}

// family reports whether a flow is one of IPv6.
func family(fl *flow.Flow) bool {
	switch {
	case fl.SrcAddr.Is4():
		return false
	case !fl.SrcAddr.IsZero():
		return true
	case !fl.DstAddr.IsZero():
		return !fl.DstAddr.Is4()
	}
	return fl.EtherType == flow.EtherTypeIPv6
}

// add makes a template.
func (ts *templates) add(key int) *template {
	t := &template{id: uint16(firstTemplate + key)}
	var wire []byte
	count, addr := 0, 0
	for _, c := range ts.cols {
		v6 := key&1 != 0
		if c.addr {
			v6 = key&(2<<addr) != 0
			addr++
		}
		e := c.v4
		if v6 {
			e = c.v6
		}
		in := instr{op: c.op, length: e.length, field: c.field, list: c.list}
		if in.op == opAddr6 && e.length == 4 {
			in.op = opAddr4
		}
		t.code = append(t.code, in)
		elements := 1
		if c.op == opLabels {
			elements = maxLabels
		}
		for range elements {
			wire = e.append(wire)
			t.size += int(e.length)
			if e.length == variable {
				t.size += 1 - variable
				t.varies = true
			}
			e.ID++
			count++
		}
	}
	if ts.usual {
		t.fuse(ts.version)
	}
	t.wire = append(be.AppendUint16(be.AppendUint16(nil, t.id), uint16(count)), wire...)
	ts.byKey[key] = t
	ts.made = append(ts.made, t)
	return t
}

// append appends a field specifier.
func (e element) append(p []byte) []byte {
	id := e.ID
	if e.PEN != 0 {
		id |= 0x8000
	}
	p = be.AppendUint16(be.AppendUint16(p, id), e.length)
	if e.PEN != 0 {
		p = be.AppendUint32(p, e.PEN)
	}
	return p
}
