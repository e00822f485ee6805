// Package archtest holds tests of the project's structure.
package archtest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/flowpipeline/pipeline"

// deps returns what a package links beyond the standard library.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg)
	out, err := cmd.Output()
	require.NoError(t, err)
	var list []string
	for _, p := range strings.Fields(string(out)) {
		if p != pkg {
			list = append(list, strings.TrimPrefix(p, module+"/"))
		}
	}
	return list
}

func TestCoreNeedsTheStandardLibraryAlone(t *testing.T) {
	require.Empty(t, deps(t, module+"/flow"))
	require.Equal(t, []string{"flow"}, deps(t, module+"/filter"))
	require.ElementsMatch(t, []string{"flow", "filter"}, deps(t, module))
}

// linkedBy are the modules that stages may link, and which stages: no other gets
// them. Those of nobody are for tests.
var linkedBy = map[string][]string{
	"github.com/cilium/ebpf":               {"ebpf"},
	"github.com/gaissmai/bart":             nil,
	"github.com/klauspost/compress":        {"source", "sink", "transform", "pipelinetest"},
	"github.com/netsampler/goflow2":        nil,
	"github.com/oschwald/maxminddb-golang": {"transform/geo"},
	"github.com/stretchr/testify":          nil,
	"github.com/pierrec/lz4":               {"source/kafka", "sink/kafka"},
	"github.com/twmb/franz-go":             {"source/kafka", "sink/kafka"},
	"github.com/vishvananda/netlink":       {"ebpf"},
	"github.com/vishvananda/netns":         {"ebpf"},
	"go.uber.org/goleak":                   nil,
	"golang.org/x/crypto":                  {"source/kafka", "sink/kafka"},
	"golang.org/x/net":                     {"transform/rdns"},
	"golang.org/x/sys":                     {"ebpf", "transform/geo"},
	"google.golang.org/protobuf":           nil,
}

func TestStagesLinkWhatTheyNeedAlone(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`,
		"./source/...", "./sink/...", "./transform/...", "./ebpf", "./pipelinetest")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		stage := strings.TrimPrefix(packages[0], module+"/")
		for _, dep := range packages[1:] {
			host, _, _ := strings.Cut(dep, "/")
			if !strings.Contains(host, ".") || strings.HasPrefix(dep, module) {
				continue
			}
			require.True(t, mayLink(stage, dep), "%s links %s", stage, dep)
		}
	}
}

// mayLink reports whether a stage, or one of the folder it is in, has a package
// among those that it may link.
func mayLink(stage, dep string) bool {
	for of, stages := range linkedBy {
		if dep == of || strings.HasPrefix(dep, of+"/") {
			return slices.ContainsFunc(stages, func(s string) bool { return stage == s || strings.HasPrefix(stage, s+"/") })
		}
	}
	return false
}

// TestServiceEmbedsTwoPipelines builds and runs a service in a module of its own
// that runs two pipelines at once.
func TestServiceEmbedsTwoPipelines(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = "../../testdata/embed"
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "first 1000 flows, second 500 flows\n", string(out))
}
