package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline/testdata"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBundled knows what routes.sh and vrps.json say of each route.
func TestBundled(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, nil, []rpki.Option{rpki.JSONData("vrps.json", testdata.Validated)}))
	invalid, plain := 0, 0
	for line := range strings.Lines(out.String()) {
		if !strings.Contains(line, " → ") {
			continue
		}
		if !strings.HasPrefix(line, "! ") {
			plain++
			continue
		}
		invalid++
		switch {
		case strings.Contains(line, "203.0.113.7:"), strings.Contains(line, "203.0.113.9:"):
			require.Contains(t, line, "_rpki_reason origin")
		case strings.Contains(line, "198.51.100.200:"):
			require.Contains(t, line, "_rpki_reason length")
		default:
			t.Errorf("it is not invalid: %s", line)
		}
	}
	require.Equal(t, 6, invalid)
	require.Equal(t, 10, plain)
	require.Contains(t, out.String(), `invalid       6 flows        21836 bytes
notfound      2 flows         5720 bytes
valid         6 flows        30296 bytes
unknown       2 flows        10660 bytes
`)
}

func TestFileOfExportsAndVRPs(t *testing.T) {
	vrps := filepath.Join(t.TempDir(), "vrps.json")
	require.NoError(t, os.WriteFile(vrps, []byte(`{"roas":[]}`), 0o600))
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, []string{"../../testdata/routes.pcap"}, []rpki.Option{rpki.JSON(vrps)}))
	require.Contains(t, out.String(), "notfound     14 flows        57852 bytes")
	require.ErrorContains(t, run(t.Context(), &out, []string{"missing.pcap"}, []rpki.Option{rpki.JSON(vrps)}), "missing.pcap")
}
