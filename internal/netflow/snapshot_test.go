package netflow

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// restart makes a decoder that knows what another one knew.
func restart(t *testing.T, r *rig) *rig {
	t.Helper()
	var state bytes.Buffer
	require.NoError(t, r.store.Snapshot(&state))
	store := NewStore(Config{})
	require.NoError(t, store.Load(&state))
	return rigOn(t, store, Config{}, 8)
}

// TestMissedWhileAway has exporters that go on while nobody listens.
func TestMissedWhileAway(t *testing.T) {
	tpl := appendSet(nil, 2, templateBody(300, short))
	two := appendSet(nil, 300, cat(shortRecord(1), shortRecord(2)))
	fixed := func(seq uint32, n int) []byte {
		p := v5(n)
		be.PutUint32(p[16:], seq)
		return p
	}
	long := uint32(5 * maxGap)
	for name, c := range map[string]struct {
		before, after [][]byte
		want          Counters
	}{
		"nothing":               {[][]byte{fixed(10, 2)}, [][]byte{fixed(12, 1)}, Counters{}},
		"v5":                    {[][]byte{fixed(10, 2)}, [][]byte{fixed(15, 1)}, Counters{MissedRecords: 3}},
		"v5, and lost later":    {[][]byte{fixed(10, 2)}, [][]byte{fixed(15, 1), fixed(18, 1)}, Counters{MissedRecords: 3, LostRecords: 2}},
		"v9":                    {[][]byte{v9(10, 1)}, [][]byte{v9(15, 1)}, Counters{MissedDatagrams: 4}},
		"v9, for a long time":   {[][]byte{v9(10, 1)}, [][]byte{v9(11+long, 1)}, Counters{MissedDatagrams: uint64(long)}},
		"v9, then a long jump":  {[][]byte{v9(10, 1)}, [][]byte{v9(11, 1), v9(12+long, 1)}, Counters{SequenceResets: 1}},
		"v9 across the wrap":    {[][]byte{v9(1<<32-1, 1)}, [][]byte{v9(3, 1)}, Counters{MissedDatagrams: 3}},
		"IPFIX":                 {[][]byte{ipfix(10, 1, tpl, two)}, [][]byte{ipfix(20, 1, two)}, Counters{MissedRecords: 8}},
		"IPFIX, nothing":        {[][]byte{ipfix(10, 1, tpl, two)}, [][]byte{ipfix(12, 1, two)}, Counters{}},
		"IPFIX, unknown before": {[][]byte{ipfix(10, 1, two)}, [][]byte{ipfix(20, 1, tpl)}, Counters{}},
		"the exporter restarts": {[][]byte{v9(10, 1)}, [][]byte{v9(0, 1)}, Counters{SequenceResets: 1}},
		"late, then in order":   {[][]byte{v9(10, 1)}, [][]byte{v9(9, 1), v9(13, 1)}, Counters{LateDatagrams: 1, MissedDatagrams: 2}},
		"another domain":        {[][]byte{v9(10, 1)}, [][]byte{v9(15, 2)}, Counters{}},
	} {
		a := newRig(t, Config{}, 8)
		a.flows(from(c.before...)...)
		b := restart(t, a)
		b.flows(from(c.after...)...)
		for _, r := range []Reason{LostRecords, LostDatagrams, MissedRecords, MissedDatagrams, LateDatagrams, SequenceResets} {
			require.EqualValues(t, c.want[r], b.count(r), "%s: %s", name, r)
		}
	}
}

// TestOldSnapshot reads one from before sequence numbers were kept.
func TestOldSnapshot(t *testing.T) {
	old := `{"version":1,"domains":[{"exporter":"192.0.2.1","protocol":10,"domain":7,"seen":1700000000000000000,
		"templates":[{"id":300,"used":1700000000000000000,"definition":"AAMACAAEAAwABAABAAQ="}],"interfaces":{"1":{"name":"eth1"}}}]}`
	store := NewStore(Config{})
	require.NoError(t, store.Load(strings.NewReader(old)))
	r := rigOn(t, store, Config{}, 8)
	got := r.flows(from(ipfix(99, 7, appendSet(nil, 300, shortRecord(5))))...)
	require.Len(t, got, 1)
	require.EqualValues(t, 5, got[0].Bytes)
	require.Zero(t, r.count(MissedRecords)+r.count(SequenceResets))
}

func TestSnapshotOfNoTemplates(t *testing.T) {
	for text, want := range map[string]string{
		`{"version":2,"domains":[{"exporter":"192.0.2.1","protocol":5,"templates":[{"id":300}],"vrfs":{"1":"red"}}]}`: "2 entries",
		`{"version":2,"domains":[{"exporter":"192.0.2.1","protocol":6}]}`:                                             "1 entries",
		`{"version":2,"domains":[{"protocol":9}]}`:                                                                    "1 entries",
		`{"version":0}`: "version 0",
		`{"version":3}`: "version 3",
	} {
		require.ErrorContains(t, NewStore(Config{}).Load(strings.NewReader(text)), want)
	}
}
