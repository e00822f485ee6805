package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/flowpipeline/pipeline/flow/schema"
)

const cacheLine = 64

// check returns the rows in the order of the generated code, struct fields
// first by cache line and alignment, and every mistake in the table.
func check(table []schema.Field) ([]schema.Field, error) {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	names, protos := map[string]string{}, map[int]string{}
	for _, f := range table {
		for _, n := range []string{f.Name, f.JSONName()} {
			if other, dup := names[n]; dup {
				fail("%s: the name %q is %s's", f.Name, n, other)
			}
			names[n] = f.Name
		}
		if other, dup := protos[f.Proto]; dup || f.Proto <= 0 {
			fail("%s: protobuf number %d is %q's", f.Name, f.Proto, other)
		}
		protos[f.Proto] = f.Name
		if f.Doc == "" {
			fail("%s: no doc", f.Name)
		}
		if f.Where >= 0 && f.Kind.Size() == 0 {
			fail("%s: %s can only be a column", f.Name, f.Kind)
		}
		if _, ok := schema.Enums[f.Enum]; f.Enum != "" && !ok {
			fail("%s: no enum %q", f.Name, f.Enum)
		}
	}
	for _, f := range schema.FoldedFields {
		if other, dup := protos[f.Proto]; dup {
			fail("%s: protobuf number %d is %s's", f.ProtoName, f.Proto, other)
		}
		protos[f.Proto] = f.ProtoName
		if names[f.Into] == "" {
			fail("%s: no row %q", f.ProtoName, f.Into)
		}
	}

	rows := slices.Clone(table)
	slices.SortStableFunc(rows, func(a, b schema.Field) int {
		if a.Where < 0 || b.Where < 0 {
			return cmp.Compare(b.Where>>7, a.Where>>7)
		}
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(b.Kind.Align(), a.Kind.Align()))
	})
	for line := schema.Line0; line <= schema.Line3; line++ {
		if size := lineSize(rows, line); size > cacheLine {
			fail("cache line %d holds %d bytes", line, size)
		}
	}
	return rows, errors.Join(errs...)
}

// lineSize returns the bytes that the fields of one cache line take.
func lineSize(rows []schema.Field, line schema.Where) int {
	size := 0
	if line == schema.Line0 {
		size = 16 // the presence bitmap
	}
	for _, f := range rows {
		if f.Where == line {
			size += f.Kind.Size()
		}
	}
	return size
}
