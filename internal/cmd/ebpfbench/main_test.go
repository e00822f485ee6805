//go:build linux

package main

import (
	"log"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/program"
)

func TestMain(m *testing.M) {
	if isChild, err := child(); err != nil {
		log.Fatal(err)
	} else if isChild {
		return
	}
	os.Exit(m.Run())
}

// TestQuick measures everything for a moment: each table is there, and what was
// lost is what was told.
func TestQuick(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	program.Path(t, "iperf3")
	program.Path(t, "softflowd")
	var out strings.Builder
	if err := short.run(&out); err != nil && strings.Contains(err.Error(), "operation not permitted") {
		t.Skip(err)
	} else {
		require.NoError(t, err)
	}
	for _, e := range exporters() {
		require.Contains(t, out.String(), "| "+e.name+" |")
	}
	accounts := regexp.MustCompile(`\| ebpf.Device \| (\d+) \| \d+ \| \d+ \| (\d+) \| (\d+) \|`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, accounts, 2, out.String())
	for _, a := range accounts {
		require.Equal(t, a[2], a[3], a[0])
	}
	require.Equal(t, "0", accounts[0][3])
	require.NotEqual(t, "0", accounts[1][3])
}
