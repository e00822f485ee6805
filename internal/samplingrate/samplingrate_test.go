package samplingrate_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/samplingrate"
)

func rule(prefix string, rate uint32) samplingrate.Rule {
	return samplingrate.Rule{Prefix: netip.MustParsePrefix(prefix), Rate: rate}
}

func TestOf(t *testing.T) {
	rules := samplingrate.Rules{
		rule("192.0.2.0/24", 100), rule("0.0.0.0/0", 1), rule("192.0.2.128/25", 200), rule("192.0.2.128/25", 300),
		rule("2001:db8::/32", 400), rule("192.0.2.77/24", 500),
	}
	for exporter, want := range map[string]uint32{
		"192.0.2.1":          100,
		"192.0.2.129":        200,
		"::ffff:192.0.2.129": 200,
		"198.51.100.1":       1,
		"2001:db8::1":        400,
		"2001:db9::1":        0,
	} {
		require.Equal(t, want, rules.Of(netip.MustParseAddr(exporter)), exporter)
	}
	require.Zero(t, rules.Of(netip.Addr{}))
	require.Zero(t, samplingrate.Rules(nil).Of(netip.MustParseAddr("192.0.2.1")))
}

func TestCheck(t *testing.T) {
	require.NoError(t, samplingrate.Rules{rule("192.0.2.0/24", 1)}.Check())
	require.EqualError(t, samplingrate.Rules{rule("192.0.2.0/24", 0)}.Check(), "the sampling rate of 192.0.2.0/24 is 0")
	require.EqualError(t, samplingrate.Rules{{Rate: 7}}.Check(), "the prefix of a sampling rate is not valid")
}
