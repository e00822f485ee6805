package kafkatest

import (
	"context"
	_ "embed"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/program"
)

//go:embed pom.xml
var pom []byte

// jars returns the directory of the broker's classes. The first test on a machine
// has Maven fetch them into the user's cache.
func jars(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := fnv.New64a()
	_, _ = sum.Write(pom)
	dir := filepath.Join(cache, "flowpipeline", fmt.Sprintf("kafka-%x", sum.Sum64()))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	mvn := program.Path(t, "mvn")
	require.NoError(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetch")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(work) }()
	require.NoError(t, os.WriteFile(filepath.Join(work, "pom.xml"), pom, 0o600))
	cmd := exec.CommandContext(context.Background(), mvn, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs")
	cmd.Dir = work
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	// Another test may have been faster.
	if err := os.Rename(filepath.Join(work, "libs"), dir); err != nil {
		require.DirExists(t, dir)
	}
	return dir
}
