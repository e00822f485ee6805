package prefixfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are where the values of a row are; -1 for nowhere.
type columns struct{ prefix, number, name int }

func readCSV(in io.Reader, number string) (entries []Entry, err error) {
	r := csv.NewReader(in)
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = '#', -1, true, true
	at := columns{0, 1, 2}
	if number == "" {
		at.number = -1
	}
	for first := true; ; first = false {
		row, err := r.Read()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, malformed(err)
		}
		if first && slices.Contains(row, "prefix") {
			if at, err = header(r, row, number); err != nil {
				return nil, err
			}
			continue
		}
		if err := full(len(entries)); err != nil {
			return nil, err
		}
		e, err := at.entry(r, row, number)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
}

// header reads a row that names the columns. Others than those that are asked for
// are skipped.
func header(r *csv.Reader, row []string, number string) (columns, error) {
	at := columns{-1, -1, -1}
	for i, name := range row {
		for want, to := range map[string]*int{"prefix": &at.prefix, number: &at.number, "name": &at.name} {
			if want == "" || strings.TrimSpace(name) != want {
				continue
			}
			if *to >= 0 {
				return at, place(r, i, fmt.Errorf("column %q is there twice", want))
			}
			*to = i
		}
	}
	return at, nil
}

// entry reads a row.
func (at columns) entry(r *csv.Reader, row []string, number string) (e Entry, err error) {
	cell := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	e.Line, _ = r.FieldPos(0)
	if at.prefix >= len(row) {
		return e, place(r, len(row)-1, errors.New("the prefix is missing"))
	}
	if e.Prefix, err = parsePrefix(cell(at.prefix)); err != nil {
		return e, place(r, at.prefix, err)
	}
	if text := cell(at.number); text != "" {
		if e.Number, err = parseNumber(text, number); err != nil {
			return e, place(r, at.number, err)
		}
	}
	e.Name = strings.Clone(cell(at.name))
	return e, nil
}

// place says where in the row last read an error is.
func place(r *csv.Reader, field int, err error) error {
	line, column := r.FieldPos(field)
	return at(line, column, err)
}

// at says where an error is.
func at(line, column int, err error) error {
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// malformed words an error of the CSV reader as others are.
func malformed(err error) error {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return at(e.Line, e.Column, e.Err)
	}
	return err
}
