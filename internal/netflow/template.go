package netflow

import "bytes"

// field is one field of a template.
type field struct {
	pen    uint32
	id     uint16
	length uint16 // variableLength if each record tells it
}

// template is what a template record defines. Only used changes, under the
// exporter's lock.
type template struct {
	id      uint16
	options bool
	scopes  int    // fields that are the scope
	wire    []byte // the definition behind its id
	fields  []field
	layout
	program *program
	used    int64 // latest definition or data [ns since the epoch]
}

// layout is how records lie in a set.
type layout struct {
	size     int  // of a record; the least, if lengths vary
	variable bool // lengths vary
	// parts are the lengths of what lies before each field of variable length,
	// and behind the last.
	parts []int
}

// parseTemplate reads one template or options template from the head of p and
// returns how long it is. A withdrawal has no fields and no scope. It fails with
// a Reason and with n = 0 when what follows cannot be found.
func parseTemplate(version uint16, options bool, p []byte) (t *template, n int, bad Reason) {
	head, count := 4, 0
	if options && !withdraws(version, p) {
		head = 6
	}
	if len(p) < head {
		return nil, 0, TemplateTruncated
	}
	t = &template{id: u16(p), options: options}
	switch {
	case head == 4:
		count = int(u16(p[2:]))
	case version == versionV9:
		// Lengths in bytes, of the scope and of the options.
		scope, rest := int(u16(p[2:])), int(u16(p[4:]))
		if scope%4 != 0 || rest%4 != 0 {
			return nil, 0, TemplateScope
		}
		t.scopes, count = scope/4, (scope+rest)/4
	default:
		count, t.scopes = int(u16(p[2:])), int(u16(p[4:]))
	}
	n = head
	fields := 0
	for ; fields < count; fields++ {
		size := 4
		if len(p) >= n+4 && version == versionIPFIX && p[n]&0x80 != 0 {
			size = 8
		}
		if len(p) < n+size {
			return nil, 0, TemplateTruncated
		}
		n += size
	}
	t.wire = p[2:n]
	switch {
	case t.id < minTemplateID:
		return t, n, TemplateID
	case count > maxFields:
		return t, n, TemplateFields
	case t.scopes > count:
		return t, n, TemplateScope
	}
	return t, n, 0
}

// withdraws reports whether an options template record is a withdrawal, which
// has no scope count (RFC 7011 8.1).
func withdraws(version uint16, p []byte) bool {
	return version == versionIPFIX && len(p) >= 4 && u16(p[2:]) == 0
}

// keep gives the template memory of its own, and its fields. It returns false
// when its records would take no bytes.
func (t *template) keep(version uint16) bool {
	t.wire = bytes.Clone(t.wire)
	p := t.wire[2:]
	if t.options && len(p) >= 2 {
		p = p[2:]
	}
	part := 0
	for len(p) >= 4 {
		f := field{id: u16(p), length: u16(p[2:])}
		p = p[4:]
		if version == versionIPFIX && f.id&0x8000 != 0 {
			f.id &^= 0x8000
			f.pen = u32(p)
			p = p[4:]
		}
		t.fields = append(t.fields, f)
		if f.length == variableLength && version == versionIPFIX {
			t.variable = true
			t.size++
			t.parts = append(t.parts, part)
			part = 0
		} else {
			t.size += int(f.length)
			part += int(f.length)
		}
	}
	t.parts = append(t.parts, part)
	return t.size > 0
}

// width returns where the value of a field of variable length begins and ends at
// the head of p (RFC 7011 7); false when it would end behind p.
func width(p []byte) (from, to int, ok bool) {
	if len(p) == 0 {
		return 0, 0, false
	}
	from, to = 1, 1+int(p[0])
	if p[0] == 255 {
		if len(p) < 3 {
			return 0, 0, false
		}
		from, to = 3, 3+int(u16(p[1:]))
	}
	return from, to, to <= len(p)
}

// records counts the records of a set and returns how many bytes they take. It
// is false when the last record does not end in time; less than a record may be
// padding.
func (t *template) records(data []byte) (count, n int, whole bool) {
	if !t.variable {
		count = len(data) / t.size
		return count, count * t.size, true
	}
	for len(data)-n >= t.size {
		size, ok := t.measure(data[n:])
		if !ok {
			return count, n, zeros(data[n:])
		}
		n += size
		count++
	}
	return count, n, true
}

// measure returns the length of the record at the head of p.
func (t *template) measure(p []byte) (int, bool) {
	n := t.parts[0]
	for _, part := range t.parts[1:] {
		if n > len(p) {
			return 0, false
		}
		_, to, ok := width(p[n:])
		if !ok {
			return 0, false
		}
		n += to + part
	}
	return n, n <= len(p)
}

// each calls fn with every field of the record at the head of p, which is whole,
// and returns its length.
func (t *template) each(p []byte, fn func(i int, f *field, v []byte)) int {
	n := 0
	for i := range t.fields {
		f := &t.fields[i]
		from, to := 0, int(f.length)
		if t.variable && f.length == variableLength {
			from, to, _ = width(p[n:])
		}
		fn(i, f, p[n+from:n+to])
		n += to
	}
	return n
}
