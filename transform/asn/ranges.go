package asn

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"github.com/flowpipeline/pipeline/internal/prefixfile"
)

// maxLine bounds a row.
const maxLine = 64 << 10

// readRanges reads a file of iptoasn.com. Ranges that nobody announces, of AS 0, are
// left out.
func readRanges(content io.Reader) (entries []prefixfile.Entry, err error) {
	in := bufio.NewScanner(content)
	in.Buffer(nil, maxLine)
	line := 0
	for in.Scan() {
		line++
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		if entries, err = appendRange(entries, in.Text(), line); err != nil {
			return nil, err
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", line+1, err)
	}
	return entries, nil
}

func appendRange(entries []prefixfile.Entry, row string, line int) ([]prefixfile.Entry, error) {
	fail := func(column int, err error) ([]prefixfile.Entry, error) {
		return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	cells := strings.Split(strings.TrimSuffix(row, "\r"), "\t")
	if len(cells) < 3 {
		return fail(1, errors.New("it is no range of addresses and AS number between tabulators"))
	}
	second := len(cells[0]) + 2
	third := second + len(cells[1]) + 1
	first, err := netip.ParseAddr(cells[0])
	if err != nil || first.Zone() != "" {
		return fail(1, fmt.Errorf("%q is no address", cells[0]))
	}
	last, err := netip.ParseAddr(cells[1])
	if err != nil || last.Zone() != "" {
		return fail(second, fmt.Errorf("%q is no address", cells[1]))
	}
	if first.BitLen() != last.BitLen() || last.Less(first) {
		return fail(second, fmt.Errorf("the range does not go from %v to %v", first, last))
	}
	asn, err := strconv.ParseUint(cells[2], 10, 32)
	if err != nil {
		return fail(third, fmt.Errorf("%q is no AS number", cells[2]))
	}
	if asn == 0 {
		return entries, nil
	}
	name := ""
	if len(cells) > 4 {
		name = strings.Clone(cells[4])
	}
	for p := range prefixesOf(first, last) {
		if len(entries) == prefixfile.MaxEntries {
			return fail(1, fmt.Errorf("there are more than %d prefixes", prefixfile.MaxEntries))
		}
		entries = append(entries, prefixfile.Entry{Prefix: p, Number: uint32(asn), Name: name, Line: line})
	}
	return entries, nil
}

// prefixesOf yields the fewest prefixes that make up a range, which is not empty.
func prefixesOf(first, last netip.Addr) func(func(netip.Prefix) bool) {
	return func(yield func(netip.Prefix) bool) {
		for {
			p := netip.PrefixFrom(first, first.BitLen())
			end := first
			for p.Bits() > 0 {
				wider := netip.PrefixFrom(first, p.Bits()-1)
				if wider.Masked().Addr() != first || last.Less(lastOf(wider)) {
					break
				}
				p, end = wider, lastOf(wider)
			}
			if !yield(p) || end == last {
				return
			}
			first = end.Next()
		}
	}
}

// lastOf returns the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	a := p.Addr().AsSlice()
	for i := p.Bits(); i < len(a)*8; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(a)
	return last
}
