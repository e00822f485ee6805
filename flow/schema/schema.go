// Package schema holds the one table that every representation of a flow is
// generated from: the struct in package flow, its presence bits and column
// accessors, the JSON, CSV and protobuf codecs, and docs/fields.md.
//
// To add a field, add one row to the table and run "go generate ./...".
// Nothing but the generator imports this package.
package schema

import (
	"fmt"
	"strings"
)

// Kind says how a field is held in memory. Everything else about its
// representation (protobuf, SQL, Parquet) follows from it.
type Kind string

// The kinds of a field.
const (
	U8      Kind = "U8"
	U16     Kind = "U16"
	U32     Kind = "U32"
	U64     Kind = "U64"
	Time    Kind = "Time"    // nanoseconds since the Unix epoch
	Addr    Kind = "Addr"    // IPv4 (mapped) or IPv6 address
	MAC     Kind = "MAC"     // EUI-48 address
	Country Kind = "Country" // ISO 3166-1 alpha-2 code
	Symbol  Kind = "Symbol"  // interned text from a bounded set
	Text    Kind = "Text"    // free text in the batch's arena
	U32s    Kind = "U32s"    // list of 32-bit numbers in the batch's arena
	Addrs   Kind = "Addrs"   // list of addresses in the batch's arena
)

// Where says whether a field is a member of the Flow struct, and in which of
// its cache lines, or a column of the batch that exists only once written.
type Where int8

// The four cache lines of the struct, by how often stages touch them, and the
// columns.
const (
	Column Where = iota - 1
	Line0
	Line1
	Line2
	Line3
)

// IE is an IPFIX information element (RFC 7012) or a NetFlow v9 field type of
// the same number. PEN 0 is IANA's registry; 29305 marks the reverse direction
// (RFC 5103).
type IE struct {
	PEN uint32
	ID  uint16
}

// ReversePEN is the enterprise number of RFC 5103's reverse elements.
const ReversePEN = 29305

// String formats an element as "ID" or "PEN/ID".
func (e IE) String() string {
	if e.PEN == 0 {
		return fmt.Sprint(e.ID)
	}
	return fmt.Sprintf("%d/%d", e.PEN, e.ID)
}

// Field is one row.
type Field struct {
	Name  string // Go name
	Kind  Kind
	Where Where
	Doc   string // what it is, without a full stop
	Unit  string // "" where there is none
	IPFIX []IE   // elements that it is filled from; the first that a record has counts
	Ref   string // RFC or registry, where IPFIX does not say it

	Proto     int    // protobuf field number
	ProtoName string // name in the .proto, where it is not JSON's

	JSON   string // JSON, SQL, Parquet and label name, where it is not snake case of Name
	Filter string // words of the filter language beside the JSON name
	Enum   string // key into Enums for named values
}

// JSONName returns the name in JSON lines, in SQL and Parquet schemas, as a
// metric label and as a word of the filter language.
func (f *Field) JSONName() string {
	if f.JSON != "" {
		return f.JSON
	}
	return snake(f.Name)
}

// ProtoFieldName returns the name in the .proto file.
func (f *Field) ProtoFieldName() string {
	if f.ProtoName != "" {
		return f.ProtoName
	}
	return f.JSONName()
}

// ProtoJSONName returns the name that protojson writes for the field.
func (f *Field) ProtoJSONName() string { return lowerCamel(f.ProtoFieldName()) }

// ProtoType returns the protobuf type.
func (f *Field) ProtoType() string {
	switch f.Kind {
	case U8, U16, U32:
		return "uint32"
	case U64, Time, MAC:
		return "uint64"
	case Addr:
		return "bytes"
	case U32s:
		return "repeated uint32"
	case Addrs:
		return "repeated bytes"
	case Country, Symbol, Text:
		return "string"
	}
	panic("schema: no protobuf type for " + f.Kind)
}

// GoType returns the Go type of the field's value, as package flow spells it.
func (f *Field) GoType() string {
	switch f.Kind {
	case U8:
		return "uint8"
	case U16:
		return "uint16"
	case U32:
		return "uint32"
	case U64:
		return "uint64"
	case Time:
		return "int64"
	case Text:
		return "[]byte"
	case U32s:
		return "[]uint32"
	case Addrs:
		return "[]Addr"
	}
	return string(f.Kind)
}

// SQLType returns the ANSI type of a table's column.
func (f *Field) SQLType() string {
	switch f.Kind {
	case U8:
		return "SMALLINT"
	case U16:
		return "INTEGER"
	case U32:
		return "BIGINT"
	case U64:
		return "NUMERIC(20)"
	case Time:
		return "TIMESTAMP(9)"
	}
	return "TEXT"
}

// ParquetType returns the physical and logical type of a Parquet column.
func (f *Field) ParquetType() string {
	switch f.Kind {
	case U8, U16, U32:
		return "INT32 (UINT_" + string(f.Kind[1:]) + ")"
	case U64:
		return "INT64 (UINT_64)"
	case Time:
		return "INT64 (TIMESTAMP_NANOS, UTC)"
	case MAC:
		return "FIXED_LEN_BYTE_ARRAY(6)"
	case Addr:
		return "FIXED_LEN_BYTE_ARRAY(16)"
	case U32s:
		return "LIST INT32 (UINT_32)"
	case Addrs:
		return "LIST FIXED_LEN_BYTE_ARRAY(16)"
	}
	return "BYTE_ARRAY (STRING)"
}

// Size returns the bytes that a struct field takes, and 0 for a kind that can
// only be a column.
func (k Kind) Size() int {
	switch k {
	case U8:
		return 1
	case U16, Country:
		return 2
	case U32, Symbol:
		return 4
	case MAC:
		return 6
	case U64, Time:
		return 8
	case Addr:
		return 16
	}
	return 0
}

// Align returns the alignment of a struct field.
func (k Kind) Align() int {
	switch k {
	case MAC, Addr, Country:
		return 1
	}
	return k.Size()
}

// Folded is a field of a peer's message that has no row of its own, since its
// value lives in another row: an older unit, a duplicate, a fixed slot of a
// list.
type Folded struct {
	Proto     int
	ProtoName string
	Into      string // Name of the row
	How       Fold
	Index     int // list slot for FoldItem; -1 is the last one
}

// Fold says how a folded value becomes the row's value.
type Fold string

// The ways of folding.
const (
	FoldSame   Fold = "Same"   // the same value under another number
	FoldSecond Fold = "Second" // seconds to nanoseconds
	FoldMilli  Fold = "Milli"  // milliseconds to nanoseconds
	FoldItem   Fold = "Item"   // one element of a list
	FoldIgnore Fold = "Ignore" // follows from the row (a flag, a count)
)

// initialisms are kept together when a name is cut into words.
var initialisms = strings.NewReplacer(
	"ASName", "AsName", "IPv6", "Ipv6", "IPv4", "Ipv4", "VLAN", "Vlan", "MACs", "Macs", "MAC", "Mac", "TCP", "Tcp",
	"BGP", "Bgp", "RPKI", "Rpki", "ICMP", "Icmp", "MPLS", "Mpls", "NAT", "Nat", "VRF", "Vrf",
	"SRv6", "Srv6", "RTT", "Rtt", "TTLs", "Ttls", "TTL", "Ttl", "TOS", "Tos", "PID", "Pid", "UID", "Uid",
	"IAT", "Iat", "ASN", "Asn", "AS", "As", "ID", "Id", "FIN", "Fin", "SYN", "Syn", "RST", "Rst",
	"FCS", "Fcs", "SQE", "Sqe", "PSH", "Psh", "ACK", "Ack", "URG", "Urg", "CWR", "Cwr", "ECE", "Ece", "MED", "Med", "IP", "Ip",
)

func snake(name string) string {
	var b strings.Builder
	for i, r := range initialisms.Replace(name) {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// lowerCamel follows protojson's rule: an underscore goes and the letter after
// it is raised; nothing else changes.
func lowerCamel(name string) string {
	var b strings.Builder
	up := false
	for _, r := range name {
		switch {
		case r == '_':
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}
