package prefixfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

func readJSON(in io.Reader, number string) (entries []Entry, err error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	fail := func(offset int64, err error) ([]Entry, error) {
		line, column := position(text, offset)
		return nil, at(line, column, err)
	}
	if _, err := d.Token(); err != nil { // the bracket
		return fail(d.InputOffset(), err)
	}
	for d.More() {
		if err := full(len(entries)); err != nil {
			return nil, err
		}
		from := start(text, d.InputOffset())
		var members map[string]json.RawMessage
		if err := d.Decode(&members); err != nil {
			return fail(d.InputOffset(), cause(err))
		}
		e, err := object(members, number)
		if err != nil {
			return fail(from, err)
		}
		e.Line, _ = position(text, from)
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return fail(d.InputOffset(), cause(err))
	}
	if rest := start(text, d.InputOffset()); rest < int64(len(text)) {
		return fail(rest, errors.New("there is more behind the array"))
	}
	return entries, nil
}

// object reads the members of one entry. Others than those that are asked for are
// skipped, as columns are.
func object(members map[string]json.RawMessage, number string) (e Entry, err error) {
	prefix, err := value(members, "prefix")
	if err != nil {
		return e, err
	}
	if e.Prefix, err = parsePrefix(prefix); err != nil {
		return e, err
	}
	text, err := value(members, number)
	if err != nil {
		return e, err
	}
	if text != "" && number != "" {
		if e.Number, err = parseNumber(text, number); err != nil {
			return e, err
		}
	}
	e.Name, err = value(members, "name")
	return e, err
}

// value returns a member that is a text or a number; a missing one is empty.
func value(members map[string]json.RawMessage, name string) (string, error) {
	raw := members[name]
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		var n json.Number
		if err := json.Unmarshal(raw, &n); err != nil {
			return "", fmt.Errorf("%s is neither a text nor a number", name)
		}
		return n.String(), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// start is where the next value begins, behind blanks and a comma.
func start(text []byte, offset int64) int64 {
	for offset < int64(len(text)) && bytes.IndexByte([]byte(" \t\r\n,"), text[offset]) >= 0 {
		offset++
	}
	return offset
}

// position is the line and the column of a byte, from 1.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(offset, int64(len(text)))]
	return bytes.Count(before, []byte{'\n'}) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// cause says in words that the text ends.
func cause(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the array does not end")
	}
	return err
}
