package flow

import (
	"errors"
	"fmt"
)

// Ext is a field that the schema does not have: a typed column that filters,
// JSON and other sinks see by its name. Make it once, as a package variable or a
// field of a stage, with Extension, and declare it to the pipeline that uses it.
type Ext[T Value] struct{ def extension }

// Extender is an Ext of any type.
type Extender interface{ extension() *extension }

type extension struct{ info FieldInfo }

// ExtOption describes an extension.
type ExtOption func(*FieldInfo)

// Doc says what the field is.
func Doc(text string) ExtOption { return func(i *FieldInfo) { i.Doc = text } }

// Unit says what the field is counted in.
func Unit(text string) ExtOption { return func(i *FieldInfo) { i.Unit = text } }

// IPFIX names the information element that the field is filled from.
func IPFIX(pen uint32, id uint16) ExtOption {
	return func(i *FieldInfo) { i.IPFIX = append(i.IPFIX, IE{pen, id}) }
}

// Extension makes an extension field. The name follows the schema's: lower case
// letters, digits and underscores.
func Extension[T Value](name string, opts ...ExtOption) *Ext[T] {
	e := &Ext[T]{extension{FieldInfo{Name: name, GoName: name, Kind: kindOf[T](), Column: true}}}
	for _, o := range opts {
		o(&e.def.info)
	}
	return e
}

func (e *Ext[T]) extension() *extension { return &e.def }

// Field returns the number that the field has in a layout; false when the layout
// was not told of it.
func (e *Ext[T]) Field(l *Layout) (Field, bool) { return l.field(&e.def) }

// Set sets the field of one flow. It panics when the pipeline was not told of
// the extension.
func (e *Ext[T]) Set(b *Batch, fl *Flow, v T) {
	f, ok := b.layout.field(&e.def)
	if !ok {
		panic(fmt.Sprintf("flow: extension %q was not declared to the pipeline", e.def.info.Name))
	}
	setCell(b, fl, f, v)
}

// Get reads the field of one flow.
func (e *Ext[T]) Get(b *Batch, fl *Flow) (T, bool) {
	f, _ := b.layout.field(&e.def)
	return cell[T](b, fl, f)
}

// Values returns the field by row, as Column does.
func (e *Ext[T]) Values(b *Batch) (vals []T, has []bool) {
	f, _ := b.layout.field(&e.def)
	return Column[T](b, f)
}

// Layout is the schema plus the extensions of one pipeline. It does not change
// once made. The nil Layout is the schema alone.
type Layout struct {
	infos  []FieldInfo // of the extensions
	byName map[string]Field
	byExt  map[*extension]Field
}

// NewLayout binds extensions to field numbers. Giving one twice is fine; two
// with one name, or one with a name of the schema, are errors.
func NewLayout(exts ...Extender) (*Layout, error) {
	l := &Layout{byName: map[string]Field{}, byExt: map[*extension]Field{}}
	var errs []error
	for _, x := range exts {
		e := x.extension()
		if _, ok := l.byExt[e]; ok {
			continue
		}
		name := e.info.Name
		if err := checkName(name); err != nil {
			errs = append(errs, err)
			continue
		}
		if _, ok := l.Lookup(name); ok {
			errs = append(errs, fmt.Errorf("extension %q: the name is taken", name))
			continue
		}
		f := NumFields + Field(len(l.infos))
		if int(f-firstColumn) >= maxColumns {
			errs = append(errs, fmt.Errorf("extension %q: more than %d extensions", name, maxColumns-int(NumFields-firstColumn)))
			continue
		}
		info := e.info
		info.Field = f
		l.infos = append(l.infos, info)
		l.byName[name], l.byExt[e] = f, f
	}
	return l, errors.Join(errs...)
}

func checkName(name string) error {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return fmt.Errorf("extension %q: a name is made of a-z, 0-9 and _", name)
		}
	}
	if name == "" {
		return errors.New("extension without a name")
	}
	return nil
}

func (l *Layout) field(e *extension) (Field, bool) {
	if l == nil {
		return 0, false
	}
	f, ok := l.byExt[e]
	return f, ok
}

// Lookup finds a field of the schema by any of its names, or an extension by
// its name.
func (l *Layout) Lookup(name string) (Field, bool) {
	if f, ok := FieldByName(name); ok {
		return f, true
	}
	if l == nil {
		return 0, false
	}
	f, ok := l.byName[name]
	return f, ok
}

// Info describes a field; nil when there is none of that number.
func (l *Layout) Info(f Field) *FieldInfo {
	if f < NumFields {
		return f.Info()
	}
	if l == nil || int(f-NumFields) >= len(l.infos) {
		return nil
	}
	return &l.infos[f-NumFields]
}

// Extensions returns the numbers of the extensions.
func (l *Layout) Extensions() []Field {
	if l == nil {
		return nil
	}
	fs := make([]Field, len(l.infos))
	for i := range fs {
		fs[i] = NumFields + Field(i)
	}
	return fs
}

func (l *Layout) columns() int {
	n := int(NumFields - firstColumn)
	if l != nil {
		n += len(l.infos)
	}
	return n
}

func kindOf[T Value]() Kind {
	switch any(*new(T)).(type) {
	case uint8:
		return KindU8
	case uint16:
		return KindU16
	case uint32:
		return KindU32
	case uint64:
		return KindU64
	case int64:
		return KindTime
	case Addr:
		return KindAddr
	case MAC:
		return KindMAC
	case Country:
		return KindCountry
	case Symbol:
		return KindSymbol
	case Text:
		return KindText
	case List:
		return KindU32s
	}
	return KindAddrs
}
