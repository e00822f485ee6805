// Package flows opens what the examples read flows from.
package flows

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/pcap"
	"github.com/flowpipeline/pipeline/testdata"
)

// From returns a source: of a bundled capture for "", of JSON lines on standard
// input for "-", of JSON lines for a file whose name says so, else of a capture.
func From(name string) pipeline.Source {
	base := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	switch {
	case name == "":
		return pcap.Reader("web.pcap", bytes.NewReader(testdata.Web))
	case name == "-" || slices.Contains([]string{".json", ".jsonl", ".ndjson"}, filepath.Ext(base)):
		return source.JSON(name)
	}
	return pcap.File(name)
}

// Report writes what the sources did not make flows of, a line each.
func Report(w io.Writer, s pipeline.Stats) {
	for _, st := range s.Stages {
		for _, name := range slices.Sorted(maps.Keys(st.Counters)) {
			if n := st.Counters[name]; n > 0 && st.Kind == "source" && name != "packets" {
				_, _ = fmt.Fprintf(w, "%s: %s: %d\n", st.Name, strings.ReplaceAll(name, "_", " "), n)
			}
		}
	}
}
