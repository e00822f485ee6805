package collector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/collector"
)

func TestParseAddress(t *testing.T) {
	at := func(hostPort string, over ...collector.Transport) collector.Address {
		return collector.Address{HostPort: hostPort, Transport: append(over, collector.UDP)[0]}
	}
	schemes := append(collector.NetFlowSchemes, collector.SFlowSchemes...)
	for text, want := range map[string]collector.Address{
		"netflow://:2056":       at(":2056"),
		"netflow://":            at(":2055"),
		"ipfix://":              at(":4739"),
		"ipfix+tcp://":          at(":4739", collector.TCP),
		"ipfix+tls://[::1]":     at("[::1]:4740", collector.TLS),
		"ipfix+tls://:1":        at(":1", collector.TLS),
		"sflow://192.0.2.1":     at("192.0.2.1:6343"),
		"sflow://[::1]":         at("[::1]:6343"),
		"sflow://[::1]:1/":      at("[::1]:1"),
		":1":                    at(":1"),
		"localhost:1":           at("localhost:1"),
		"netflow://localhost":   at("localhost:2055"),
		"ipfix+tcp://localhost": at("localhost:4739", collector.TCP),
	} {
		got, err := collector.ParseAddress(text, schemes...)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "x", ":x", "a:b:c", ":65536", "tcp://:1", "netflow://::1", "ipfix+tcp://:1"} {
		_, err := collector.ParseAddress(text, "netflow", "sflow")
		require.ErrorContains(t, err, "address", text)
	}
}
