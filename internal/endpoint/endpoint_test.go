package endpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/endpoint"
)

func TestHostPort(t *testing.T) {
	for text, want := range map[string]string{
		"host":             "host:7",
		"host/":            "host:7",
		"host:9":           "host:9",
		"192.0.2.1:65535/": "192.0.2.1:65535",
		"[2001:db8::1]":    "[2001:db8::1]:7",
		"[2001:db8::1]:9":  "[2001:db8::1]:9",
	} {
		got, err := endpoint.HostPort(text, "7")
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for text, want := range map[string]string{
		"":           "the host is missing",
		":9":         "the host is missing",
		"host:":      `port "" is no number`,
		"host:0":     `port "0" is no number from 1 to 65535`,
		"host:65536": `port "65536" is no number`,
		"host:http":  `port "http" is no number`,
		"2001:db8::": "too many colons",
	} {
		_, err := endpoint.HostPort(text, "7")
		require.ErrorContains(t, err, want, text)
	}
}
