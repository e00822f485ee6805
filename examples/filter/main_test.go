package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	for expr, want := range map[string]string{
		"":                   "29 of 29 flows, 132 packets, ",
		"udp port 53":        "6 of 29 flows, 6 packets, ",
		"port 80 and not ip": "2 of 29 flows, ",
	} {
		require.Contains(t, output(t, expr, false), want, expr)
	}
	require.Equal(t, "any of:\n  proto in {17}: one comparison\n  src_port or dst_port in {80}: one comparison\n", output(t, "udp or port 80", true))
	_, err := answer(t.Context(), "port eighty", "", false)
	require.ErrorContains(t, err, "1:6")
}

func output(t *testing.T, expr string, explain bool) string {
	t.Helper()
	out, err := answer(t.Context(), expr, "", explain)
	require.NoError(t, err)
	return out
}
