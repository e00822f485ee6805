package kafka

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// FuzzRecord reads any record in the format that it is found to have, and in the
// others: it ends, and takes no more bytes than there are.
func FuzzRecord(f *testing.F) {
	f.Add(message(7, true))
	f.Add(message(7, false))
	f.Add(append(message(7, true), message(8, true)...))
	f.Add([]byte("{\"bytes\":8}\n\n {\"src_addr\":\"192.0.2.1\"}"))
	f.Add([]byte{})
	quota := flow.NewSymbols(0).Quota(1000)
	dec := decoder{codec.NewProtoDecoder(quota), codec.NewJSONDecoder(quota, nil, false)}
	owner := flow.NewOwner(flow.OwnerConfig{Size: 64})
	f.Fuzz(func(t *testing.T, p []byte) {
		for _, f := range []format{detect(p), delimited, bare, jsonLines} {
			b := owner.Begin(0, time.Time{})
			for at := 0; at < len(p) && !b.Full(); {
				before := b.Len()
				n, err := dec.next(f, p[at:], b)
				if err != nil {
					require.Equal(t, before, b.Len(), "a flow of a record that cannot be read")
					break
				}
				require.Positive(t, n)
				require.LessOrEqual(t, n, len(p)-at)
				require.LessOrEqual(t, b.Len(), before+1)
				at += n
			}
			owner.Finish(nil)
		}
	})
}

// TestDetect knows what is what of every message that the sink may write.
func TestDetect(t *testing.T) {
	for n := uint64(0); n < 1<<40; n = n*3 + 1 {
		require.Equal(t, delimited, detect(message(n, true)), "%d", n)
		require.Equal(t, bare, detect(message(n, false)), "%d", n)
	}
	for text, want := range map[string]format{
		`{}`: jsonLines, " {\n\"a\":1}\n": jsonLines, "{\"a\":1}\n{\"b\":2}": jsonLines,
		"{": unknownFormat, "text": unknownFormat, "\x00": delimited, "\x02\x08\x01": delimited,
	} {
		require.Equal(t, want, detect([]byte(text)), "%q", text)
	}
}
