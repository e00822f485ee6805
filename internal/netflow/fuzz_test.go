package netflow

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// FuzzDecoder feeds two datagrams to one decoder, and checks that the flows
// that it counts are those it gave.
func FuzzDecoder(f *testing.F) {
	for _, c := range benchCases() {
		f.Add(c.setup, c.payload)
	}
	f.Add(ipfix(1, 7, appendSet(nil, 300, shortRecord(1))), ipfix(2, 7, appendSet(nil, 2, templateBody(300, []wireField{{1, 0xffff, 0}, {8, 4, 0}}))))
	f.Add(v9(1, 7, appendSet(nil, 1, optionsBody(9, 400, 1, wireField{2, 4, 0}, wireField{34, 4, 0}))), v9(2, 7, appendSet(nil, 400, words(1, 2))))
	symbols := flow.NewSymbols(1000)
	owner := flow.NewOwner(flow.OwnerConfig{Size: 3, Symbols: symbols})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		cfg := Config{MaxTemplates: 8, HoldBytes: 10000}
		store := NewStore(cfg)
		dec, err := NewDecoder(store, cfg, symbols.Quota(10), nil)
		if err != nil {
			t.Fatal(err)
		}
		flows, bound := uint64(0), len(first)+len(second)
		for _, p := range [][]byte{first, second, first} {
			dec.Begin(p, testExporter, testNow)
			for done := false; !done; {
				b := owner.Begin(testNow, time.Time{})
				done = dec.Fill(b)
				flows += uint64(b.Len())
				owner.Finish(nil)
			}
		}
		if flows != dec.Counters()[Flows] || flows > uint64(2*bound) {
			t.Fatalf("%d flows of %d bytes, %d counted", flows, bound, dec.Counters()[Flows])
		}
		if held := store.held.Load(); held < 0 || held > 10000 || store.templates.Load() < 0 || store.fields.Load() < 0 {
			t.Fatal("accounts do not balance")
		}
	})
}

// FuzzLoad loads a state that may be damaged, decodes with it, and checks that what
// was taken over is written and loaded again as it is.
func FuzzLoad(f *testing.F) {
	cfg := Config{MaxTemplates: 8, HoldBytes: 10000}
	symbols := flow.NewSymbols(1000)
	payload := ipfix(2, 7, appendSet(nil, 300, shortRecord(1)))
	for _, p := range [][]byte{payload, v9(1, 7, appendSet(nil, 1, optionsBody(9, 400, 1, wireField{2, 4, 0}, wireField{34, 4, 0})))} {
		store := NewStore(cfg)
		dec, err := NewDecoder(store, cfg, symbols.Quota(10), nil)
		if err != nil {
			f.Fatal(err)
		}
		dec.Begin(p, testExporter, testNow)
		var state bytes.Buffer
		if err := store.Snapshot(&state); err != nil {
			f.Fatal(err)
		}
		f.Add(state.Bytes())
	}
	f.Add([]byte(`{"version":1,"domains":[{"exporter":"::1","protocol":9,"held":[{"template":300,"data":"AAA="}],"applications":{"1":"a"}}]}`))
	f.Add([]byte(`{"version":2,"domains":[{"exporter":"192.0.2.1","protocol":5}]}`))
	owner := flow.NewOwner(flow.OwnerConfig{Size: 100, Symbols: symbols})
	f.Fuzz(func(t *testing.T, state []byte) {
		store := NewStore(cfg)
		if err := store.Load(bytes.NewReader(state)); err != nil {
			return
		}
		var first, second bytes.Buffer
		again := NewStore(cfg)
		if err := errors.Join(store.Snapshot(&first), again.Load(bytes.NewReader(first.Bytes())), again.Snapshot(&second)); err != nil {
			t.Fatal(err)
		}
		if first.Len() != second.Len() { // the order is that of maps
			t.Fatalf("%s\nbecame\n%s", first.Bytes(), second.Bytes())
		}
		dec, err := NewDecoder(store, cfg, symbols.Quota(10), nil)
		if err != nil {
			t.Fatal(err)
		}
		dec.Begin(payload, testExporter, testNow)
		for done := false; !done; {
			done = dec.Fill(owner.Begin(testNow, time.Time{}))
			owner.Finish(nil)
		}
		if held := store.held.Load(); held < 0 || held > 10000 || store.templates.Load() < 0 || store.fields.Load() < 0 {
			t.Fatal("accounts do not balance")
		}
	})
}
