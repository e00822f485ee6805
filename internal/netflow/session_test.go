package netflow

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSessionsHaveTheirOwnState has one exporter speak over UDP and in two
// sessions at once, each of which means something else by a template.
func TestSessionsHaveTheirOwnState(t *testing.T) {
	r := newRig(t, Config{}, 8)
	octets, packets := templateBody(300, []wireField{{1, 4, 0}}), templateBody(300, []wireField{{2, 4, 0}})
	data := func(seq uint32) []datagram { return from(ipfix(seq, 7, appendSet(nil, 300, words(5)))) }
	r.flows(from(ipfix(0, 7, appendSet(nil, 2, octets)))...)
	r.session = 1
	r.flows(from(ipfix(1000, 7, appendSet(nil, 2, packets)))...)
	r.session = 2
	require.Empty(t, r.flows(data(0)...), "it waits for a template of its own")
	require.Len(t, r.flows(from(ipfix(1, 7, appendSet(nil, 2, octets)))...), 1)

	for session, want := range []uint64{5, 0, 5} { // UDP first
		r.session = int64(session)
		got := r.flows(data([]uint32{0, 1000, 1}[session])...)
		require.Len(t, got, 1)
		require.Equal(t, want, got[0].Bytes, session)
		require.Equal(t, 5-want, got[0].Packets, session)
	}
	r.session = 1
	r.flows(from(ipfix(1001, 7, appendSet(nil, 2, templateBody(300, nil))))...)
	require.Equal(t, 1, r.count(Withdrawn))
	r.session = 2
	require.Len(t, r.flows(data(2)...), 1, "a withdrawal is of one session")
	require.Zero(t, r.count(LostRecords))
	require.Zero(t, r.count(LateDatagrams)+r.count(SequenceResets))
	require.Equal(t, StoreStats{Exporters: 3, Domains: 3, Templates: 2}, r.store.Stats())
}

// TestTemplatesLiveAsLongAsTheirSession lets days pass, in which nothing comes:
// over TCP a template is sent once.
func TestTemplatesLiveAsLongAsTheirSession(t *testing.T) {
	r := newRig(t, Config{}, 8)
	r.session = 1
	r.flows(from(ipfix(0, 7, appendSet(nil, 2, templateBody(300, short)), appendSet(nil, 301, shortRecord(1))))...)
	other := datagram{netip.MustParseAddrPort("192.0.2.2:1"), v9(1, 1)}
	for range 3 {
		r.now += int64(48 * time.Hour)
		r.flows(other)
	}
	require.Equal(t, 1, r.count(HoldExpired), "held data does not live so long")
	require.Len(t, r.flows(from(ipfix(1, 7, appendSet(nil, 300, shortRecord(1))))...), 1)
}

func TestASessionEnds(t *testing.T) {
	r := newRig(t, Config{}, 8)
	var state bytes.Buffer
	require.NoError(t, r.store.Snapshot(&state))
	for session := range int64(3) {
		r.session = session + 1
		require.Empty(t, r.flows(from(ipfix(9, 7, appendSet(nil, 300, shortRecord(1))))...), "no template of the session before")
		r.flows(from(ipfix(10, 7,
			appendSet(nil, 2, templateBody(300, short)), appendSet(nil, 301, shortRecord(2)),
			appendSet(nil, 3, optionsBody(10, 400, 1, wireField{302, 4, 0}, wireField{34, 4, 0})), appendSet(nil, 400, words(3, 100)),
		), ipfix(11, 8, appendSet(nil, 2, templateBody(300, short))))...)
		stats := r.store.Stats()
		require.Positive(t, stats.HeldBytes)
		stats.HeldBytes = 0
		require.Equal(t, StoreStats{Exporters: 1, Domains: 2, Templates: 3, Options: 1}, stats)

		var now bytes.Buffer
		require.NoError(t, r.store.Snapshot(&now))
		require.Equal(t, state.String(), now.String(), "sessions do not outlive the process")

		r.dec.EndSession(testExporter, r.session)
		require.Equal(t, StoreStats{}, r.store.Stats())
		require.Zero(t, r.store.fields.Load())
		require.Equal(t, int(session+1), r.count(HoldExpired))
	}
	r.dec.EndSession(testExporter, 99) // nobody knows it
}
