package capture

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzReader looks for a capture that makes the reader fail, go on for ever, or
// take an error for an end.
func FuzzReader(f *testing.F) {
	for _, name := range []string{"crafted.pcap"} {
		data, err := os.ReadFile("../../testdata/" + name)
		require.NoError(f, err)
		f.Add(data[:min(len(data), 600)])
	}
	f.Add([]byte("\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		var rec Record
		var bad *FormatError
		for range len(data) + 1 {
			err := r.Next(&rec)
			if err == nil {
				require.GreaterOrEqual(t, rec.WireLen, len(rec.Data))
				require.True(t, rec.Time >= 0 && rec.Time <= MaxTime)
				continue
			}
			require.True(t, errors.Is(err, io.EOF) || errors.As(err, &bad), "%v", err)
			require.Equal(t, err, r.Next(&rec))
			return
		}
		t.Fatal("more packets than bytes")
	})
}
