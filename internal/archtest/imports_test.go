// Package archtest holds tests of the project's structure.
package archtest

import (
	"os/exec"
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

func TestStagesLinkNoTestDependencies(t *testing.T) {
	for _, pkg := range []string{"source", "sink", "source/pcap", "source/netflow", "source/sflow", "source/replay", "sink/netflow", "ebpf", "transform/anonymize", "transform/direction", "transform/fields", "transform/normalize", "transform/protonames", "transform/remoteaddress", "transform/geo", "transform/asn", "transform/subnet", "transform/rdns", "transform/rpki", "transform/bgp/mrt", "pipelinetest"} {
		for _, d := range deps(t, module+"/"+pkg) {
			for _, banned := range []string{"testify", "goflow2", "protobuf", "goleak", "bart"} {
				require.NotContains(t, d, banned, pkg)
			}
		}
	}
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
