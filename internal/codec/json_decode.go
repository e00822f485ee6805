package codec

import (
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// JSONDecoder reads flows from JSON objects: this library's own, goflow2's (text
// for addresses, protocols and layers) and protojson of flowpipeline's and
// goflow2's messages (lower camel names, 64-bit numbers as strings, addresses in
// base64). A repeated name counts by its last value.
type JSONDecoder struct {
	quota   *flow.Quota
	layout  *flow.Layout
	names   []jsonName
	index   nameIndex
	follow  []uint16 // by name: the one that last followed it
	keep    bool
	unknown uint64

	folds   foldState
	scratch []byte
	kept    []byte
	list    []uint32
	addrs   []flow.Addr
}

// jsonName is a name that stands for a field.
type jsonName struct {
	key   string
	field flow.Field
	kind  flow.Kind
	fold  uint8 // 1 + index in foldedFields, 0 for none
	enum  bool  // its values have names
}

// NewJSONDecoder returns a decoder that interns symbols through quota and knows
// the extensions of layout, which may be nil. With keepUnknown what is no field
// goes to the extension Unknown, which layout must then hold.
func NewJSONDecoder(quota *flow.Quota, layout *flow.Layout, keepUnknown bool) *JSONDecoder {
	d := &JSONDecoder{quota: quota, layout: layout, keep: keepUnknown, names: jsonNames[:]}
	for _, f := range layout.Extensions() {
		info := layout.Info(f)
		if info.Name == unknownName { // it is written as it is: only what was checked may go there
			continue
		}
		d.names = append(d.names, jsonName{key: info.Name, field: f, kind: info.Kind})
	}
	d.index.build(d.names)
	d.follow = make([]uint16, len(d.names)+1)
	return d
}

// Unknown returns how many members no field took.
func (d *JSONDecoder) Unknown() uint64 { return d.unknown }

// Refused returns how many texts the quota of symbols refused; their fields are
// absent.
func (d *JSONDecoder) Refused() uint64 { return d.quota.Refused() }

// Decode reads the object in line into fl, a fresh flow of b. The error is an
// *Error; fl is then half filled.
func (d *JSONDecoder) Decode(line []byte, b *flow.Batch, fl *flow.Flow) error {
	d.folds.set = 0
	d.kept = d.kept[:0]
	i, err := d.object(line, b, fl)
	if err == nil {
		if i = space(line, i); i < len(line) {
			err = &Error{Offset: i, Err: fmt.Errorf("%w: text behind the object", ErrSyntax)}
		}
	}
	if err != nil {
		return err
	}
	d.folds.apply(b, fl)
	if len(d.kept) > 0 {
		Unknown.Set(b, fl, b.AppendText(text(d.kept)))
	}
	return nil
}

func (d *JSONDecoder) object(p []byte, b *flow.Batch, fl *flow.Flow) (int, error) {
	i := space(p, 0)
	if i >= len(p) || p[i] != '{' {
		return i, &Error{Offset: i, Err: syntaxAt(p, i)}
	}
	if i = space(p, i+1); i < len(p) && p[i] == '}' {
		return i + 1, nil
	}
	last := len(d.names) // stands for the object's beginning
	for {
		if i >= len(p) || p[i] != '"' {
			return i, &Error{Offset: i, Err: syntaxAt(p, i)}
		}
		start := i
		name, next := d.expected(p, i+1, last)
		var key []byte
		if name < 0 {
			var err error
			if key, next, err = d.scanString(p, i+1); err != nil {
				return i, &Error{Offset: next, Err: err}
			}
			if name = d.index.find(d.names, key); name >= 0 {
				d.follow[last] = uint16(name)
			}
		}
		if i = space(p, next); i >= len(p) || p[i] != ':' {
			return i, &Error{Offset: i, Err: syntaxAt(p, i)}
		}
		i = space(p, i+1)
		if name >= 0 {
			n := &d.names[name]
			end, err := d.member(p, i, b, fl, n)
			if err != nil {
				return end, &Error{Offset: end, Field: n.key, Err: err}
			}
			i, last = end, name
		} else {
			end, err := d.skipValue(p, i, 1)
			if err != nil {
				return end, &Error{Offset: end, Field: strings.Clone(text(key)), Err: err}
			}
			i = end
			d.unknown++
			if d.keep {
				if len(d.kept) > 0 {
					d.kept = append(d.kept, ',')
				}
				d.kept = appendUTF8(d.kept, p[start:end])
			}
		}
		i = space(p, i)
		switch {
		case i < len(p) && p[i] == ',':
			i = space(p, i+1)
		case i < len(p) && p[i] == '}':
			return i + 1, nil
		default:
			return i, &Error{Offset: i, Err: syntaxAt(p, i)}
		}
	}
}

// expected returns the name that followed last before, if it comes again at
// p[i], behind its quote, and the index behind the closing one.
func (d *JSONDecoder) expected(p []byte, i, last int) (name, next int) {
	name = int(d.follow[last])
	key := d.names[name].key
	if end := i + len(key); end < len(p) && p[end] == '"' && string(p[i:end]) == key {
		return name, end + 1
	}
	return -1, i
}

// nameIndex finds names by a hash.
type nameIndex [2048]uint16

func hashName(key string) uint32 {
	h := uint32(len(key))
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 0x01000193
	}
	return h ^ h>>15
}

func (x *nameIndex) build(names []jsonName) {
	for i := range names {
		at := hashName(names[i].key) % uint32(len(x))
		for x[at] != 0 {
			at = (at + 1) % uint32(len(x))
		}
		x[at] = uint16(i + 1)
	}
}

func (x *nameIndex) find(names []jsonName, key []byte) int {
	for at := hashName(text(key)) % uint32(len(x)); x[at] != 0; at = (at + 1) % uint32(len(x)) {
		if n := int(x[at]) - 1; names[n].key == string(key) {
			return n
		}
	}
	return -1
}
