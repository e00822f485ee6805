package flow

// Field names one field of the schema, or an extension of a Layout.
type Field uint16

// Kind says how a field's value is held.
type Kind uint8

// The kinds of values. Numbers are U8 to U64 and Time.
const (
	KindU8 Kind = iota + 1
	KindU16
	KindU32
	KindU64
	KindTime    // nanoseconds since the epoch
	KindAddr    // Addr
	KindMAC     // MAC
	KindCountry // Country
	KindSymbol  // Symbol
	KindText    // bytes in the batch's arena
	KindU32s    // numbers in the batch's arena
	KindAddrs   // addresses in the batch's arena
)

// IsNumber reports whether Batch.Uint reads a field of this kind.
func (k Kind) IsNumber() bool { return k >= KindU8 && k <= KindTime }

// IE is an IPFIX information element (RFC 7012); PEN 0 is IANA's registry.
type IE struct {
	PEN uint32
	ID  uint16
}

// FieldInfo describes a field.
type FieldInfo struct {
	Field     Field
	Name      string // name in JSON lines, SQL, Parquet, metric labels and filters
	GoName    string // name in Go
	ProtoName string // name in goflow2's or flowpipeline's .proto
	Doc       string
	Unit      string
	Enum      string // set of named values, "" for none
	IPFIX     []IE
	Proto     int // protobuf field number, 0 for an extension
	Kind      Kind
	Column    bool // lives beside the flows, not in the struct

	offset uint16 // in Flow, of a field that is no column
	enum   []enumValue
}

// String returns the field's name in JSON, SQL and filters.
func (f Field) String() string {
	if info := f.Info(); info != nil {
		return info.Name
	}
	return "extension"
}

// Info describes the field; nil for an extension, which only its Layout knows.
func (f Field) Info() *FieldInfo {
	if f == 0 || f >= NumFields {
		return nil
	}
	return &fieldInfos[f]
}

// IsColumn reports whether the field lives in a column of the batch rather than
// in the Flow struct.
func (f Field) IsColumn() bool { return f >= firstColumn }

// FieldByName finds a field of the schema by any of its names: in JSON, in Go,
// in the .proto or as protojson writes it.
func FieldByName(name string) (Field, bool) {
	f, ok := fieldNames[name]
	return f, ok
}

// Fields returns the schema's fields in its order. The slice is the caller's.
func Fields() []Field { return append([]Field(nil), fieldOrder[:]...) }
