package pipelinetest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// UpdateFlag defines the flag -update, unless it is defined already, with which
// Golden rewrites its files. Call it from a variable of the test package:
//
//	var _ = pipelinetest.UpdateFlag()
//
// Importing this package alone defines no flag.
func UpdateFlag() bool {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "rewrite golden files")
	}
	return true
}

// Golden fails the test unless got is what the file at path holds. With the flag
// -update (see UpdateFlag) or UPDATE_GOLDEN=1 in the environment it writes the
// file instead.
func Golden(t testing.TB, path string, got []byte) {
	t.Helper()
	f := flag.Lookup("update")
	if f != nil && f.Value.String() == "true" || os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to make it)", err)
	}
	if bytes.Equal(got, want) {
		return
	}
	line, g, w := firstDifference(got, want)
	t.Errorf("%s: line %d differs (run with -update if it should)\n got %q\nwant %q", path, line, g, w)
}

func firstDifference(a, b []byte) (line int, x, y []byte) {
	as, bs := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range max(len(as), len(bs)) {
		x, y = nil, nil
		if i < len(as) {
			x = as[i]
		}
		if i < len(bs) {
			y = bs[i]
		}
		if !bytes.Equal(x, y) || i >= len(as) || i >= len(bs) {
			return i + 1, x, y
		}
	}
	return 0, nil, nil
}
