package collector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/collector"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"netflow://:2056":     ":2056",
		"netflow://":          ":2055",
		"ipfix://":            ":4739",
		"sflow://192.0.2.1":   "192.0.2.1:6343",
		"sflow://[::1]":       "[::1]:6343",
		"sflow://[::1]:1/":    "[::1]:1",
		":1":                  ":1",
		"localhost:1":         "localhost:1",
		"netflow://localhost": "localhost:2055",
	} {
		got, err := collector.Address(text, "netflow", "ipfix", "sflow")
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "x", ":x", "a:b:c", ":65536", "tcp://:1", "netflow://::1"} {
		_, err := collector.Address(text, "netflow", "sflow")
		require.ErrorContains(t, err, "address", text)
	}
}
