package prefixset

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = pipeline.Env{Logger: slog.New(slog.DiscardHandler)}

func TestSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("2001:db8::/32\n192.0.2.128/25,7,seven\n"), 0o600))
	c := Config{Prefixes: []netip.Prefix{netip.MustParsePrefix("::ffff:10.1.2.3/104"), netip.MustParsePrefix("192.0.2.128/25")}, Files: []string{path}, Every: time.Millisecond}
	require.NoError(t, c.Check())
	s, err := Open(quiet, c)
	require.NoError(t, err)
	defer s.Close()
	for addr, want := range map[string]bool{"10.9.9.9": true, "11.0.0.1": false, "192.0.2.1": false, "192.0.2.129": true, "2001:db8::1": true, "": false} {
		require.Equal(t, want, s.Table().Has(flow.MustParseAddr(addr)), addr)
	}
	require.NoError(t, os.WriteFile(path+".next", []byte("198.51.100.0/24"), 0o600))
	require.NoError(t, os.Rename(path+".next", path))
	require.Eventually(t, func() bool { return s.Table().Has(flow.MustParseAddr("198.51.100.1")) }, time.Minute, time.Millisecond)
	require.True(t, s.Table().Has(flow.MustParseAddr("192.0.2.129")), "it is a value, too")
	require.False(t, s.Table().Has(flow.MustParseAddr("2001:db8::1")))
}

func TestNoAddressIsInNoPrefix(t *testing.T) {
	s, err := Open(quiet, Config{Prefixes: []netip.Prefix{netip.MustParsePrefix("::/0")}, Every: time.Hour})
	require.NoError(t, err)
	defer s.Close()
	require.False(t, s.Table().Has(flow.Addr{}))
	require.True(t, s.Table().Has(flow.Addr{15: 1}))
}

func TestMistakes(t *testing.T) {
	any4 := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	for _, c := range []Config{
		{Every: time.Hour}, {Prefixes: any4}, {Prefixes: []netip.Prefix{{}}, Every: time.Hour}, {Files: []string{""}, Every: time.Hour},
	} {
		require.Error(t, c.Check())
	}
	path := filepath.Join(t.TempDir(), "list")
	require.NoError(t, os.WriteFile(path, []byte("# none\n"), 0o600))
	_, err := Open(quiet, Config{Files: []string{path}, Every: time.Hour})
	require.EqualError(t, err, path+": there is no prefix in it")
}
