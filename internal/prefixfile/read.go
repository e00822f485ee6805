package prefixfile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Read reads a list. number is what the column of numbers is called; "" is for lists
// whose numbers do not matter.
//
// A list is CSV with the columns prefix, number and name, of which the last two may
// be missing or empty; or in the order of a first row that names them. Empty lines,
// and those that begin with #, are skipped. Or it is a JSON array, from the first
// byte on, of objects with such members. An error tells the line and the column.
func Read(content io.Reader, number string) ([]Entry, error) {
	in := bufio.NewReader(content)
	first, err := in.Peek(1)
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if first[0] == '[' {
		return readJSON(in, number)
	}
	return readCSV(in, number)
}

// ReadPrefixes reads a list of which only the prefixes count, whatever else its rows
// hold.
func ReadPrefixes(content io.Reader) ([]Entry, error) {
	entries, err := Read(content, "")
	for i := range entries {
		entries[i].Name = ""
	}
	return entries, err
}

// parseNumber reads a number, and one of an AS as "AS64496" too.
func parseNumber(text, column string) (uint32, error) {
	digits := text
	if column == "asn" {
		digits = strings.TrimPrefix(strings.TrimPrefix(text, "AS"), "as")
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s %q is no number from 0 to 4294967295", column, text)
	}
	return uint32(n), nil
}

// full returns an error for a list that has become too long.
func full(n int) error {
	if n < MaxEntries {
		return nil
	}
	return fmt.Errorf("there are more than %d prefixes", MaxEntries)
}
