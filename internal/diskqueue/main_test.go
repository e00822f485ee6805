package diskqueue

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(dir string) Config {
	return Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 64 << 10, NoSync: true}
}

func open(t testing.TB, c Config) *Queue {
	t.Helper()
	q, err := Open(c)
	require.NoError(t, err)
	return q
}

// add appends a record with a payload, as one flow for each byte.
func add(q *Queue, payload string) error {
	return q.Append(append(make([]byte, RecordHeader), payload...), len(payload), 1_700_000_000e9)
}

// take reads what is there, and acknowledges it.
func take(t testing.TB, q *Queue) (payloads []string) {
	t.Helper()
	for {
		r, ok, err := q.Next(nil)
		require.NoError(t, err)
		if !ok {
			return payloads
		}
		require.Len(t, r.Payload, r.Flows)
		payloads = append(payloads, string(r.Payload))
		q.Ack(r)
	}
}

// files returns the segments in a directory.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != "lock" && e.Name() != "cursor" {
			names = append(names, e.Name())
		}
	}
	return names
}
