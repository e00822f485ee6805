package asn

import (
	"io"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixfile"
	"github.com/flowpipeline/pipeline/transform/bgp/mrt"
)

// Table is a file that tells the ASes of addresses.
type Table struct {
	path string
	read func(content io.Reader, symbol func(string) flow.Symbol) (finder, error)
}

// finder finds the origin AS of an address. It does not change.
type finder interface {
	find(a flow.Addr) origin
}

// origin is an AS. The zero value is none.
type origin struct {
	asn  uint32
	name flow.Symbol
}

// List is a CSV file with a row for each prefix: the prefix, its AS as a number or
// as AS64496, and the name of the AS, which may be missing. A first row may name
// the columns "prefix", "asn" and "name" in another order, among others that do not
// matter. Or it is a JSON array of objects with such members.
func List(path string) Table {
	return Table{path, func(content io.Reader, symbol func(string) flow.Symbol) (finder, error) {
		entries, err := prefixfile.Read(content, "asn")
		if err != nil {
			return nil, err
		}
		return newPrefixes(entries, symbol)
	}}
}

// IPtoASN is a file of iptoasn.com, for IPv4, IPv6 or both: rows with the first and
// the last address of a range, its AS number, a country and the AS's name, between
// tabulators. The country, that of the AS's registration, is not used.
func IPtoASN(path string) Table {
	return Table{path, func(content io.Reader, symbol func(string) flow.Symbol) (finder, error) {
		entries, err := readRanges(content)
		if err != nil {
			return nil, err
		}
		return newPrefixes(entries, symbol)
	}}
}

// MRT is a dump of a RIB, as package mrt reads it. It has no names.
func MRT(path string) Table {
	return Table{path, func(content io.Reader, _ func(string) flow.Symbol) (finder, error) {
		rib, err := mrt.Read("MRT", content)
		return routes{rib}, err
	}}
}

// prefixes are prefixes with the origin of each.
type prefixes struct{ *prefixfile.Table[origin] }

func newPrefixes(entries []prefixfile.Entry, symbol func(string) flow.Symbol) (finder, error) {
	table, err := prefixfile.NewTable(entries, func(e *prefixfile.Entry) origin { return origin{e.Number, symbol(e.Name)} })
	return prefixes{table}, err
}

func (p prefixes) find(a flow.Addr) origin {
	o, _ := p.Longest(a)
	return o
}

// routes are those of a RIB.
type routes struct{ *mrt.RIB }

func (r routes) find(a flow.Addr) origin {
	route, _ := r.Route(nil, a)
	return origin{asn: route.Origin}
}
