package codec

import (
	"bytes"

	"github.com/flowpipeline/pipeline/flow"
)

// enumValue is one named value of a field.
type enumValue struct {
	text   string
	number uint64
}

// enumNumber finds the number of a value by its name, without regard to case,
// spaces, dashes and underscores.
func enumNumber(n *jsonName, s []byte) (uint64, bool) {
	if n.field == flow.FieldProto || n.field == flow.FieldInnerProto {
		// IANA's names come first: goflow2 writes them.
		if v, ok := findName(protocols, s); ok {
			return v, true
		}
	}
	if v, ok := findName(n.enum, s); ok {
		return v, true
	}
	if bytes.Equal(s, []byte("NotAnonymized")) { // flowpipeline's name of "no"
		return flow.AnonymizedNo, true
	}
	return 0, false
}

func findName(values []enumValue, s []byte) (uint64, bool) {
	for i := range values {
		if v := &values[i]; v.text == string(s) {
			return v.number, true
		}
	}
	for i := range values {
		if v := &values[i]; sameName(v.text, s) {
			return v.number, true
		}
	}
	return 0, false
}

func sameName(a string, b []byte) bool {
	i, j := 0, 0
	for {
		for i < len(a) && isGap(a[i]) {
			i++
		}
		for j < len(b) && isGap(b[j]) {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if lower(a[i]) != lower(b[j]) {
			return false
		}
		i, j = i+1, j+1
	}
}

func isGap(c byte) bool { return c == ' ' || c == '_' || c == '-' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// nameless reports whether s says that a value has no name, as goflow2 does for
// protocols and types of frames that it does not know. The number is lost.
func nameless(s []byte) bool {
	switch string(s) {
	case "", "unknown", "unassigned", "experimental", "reserved":
		return true
	}
	return false
}
