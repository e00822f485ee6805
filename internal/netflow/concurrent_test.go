package netflow

import (
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// TestDecodersShareAStore has many decoders redefine, withdraw and use the
// templates of the same exporters, while state is saved and what is old is
// forgotten. A flow is read by the template that its own datagram defines, and at
// the end the store's accounts are those of what it holds.
func TestDecodersShareAStore(t *testing.T) {
	const decoders, rounds, exporters = 8, 300, 3
	var unmapped Unmapped
	cfg := Config{TemplateTTL: time.Hour, HoldFor: time.Minute, HoldBytes: 20_000, MaxTemplates: 64, Unmapped: &unmapped}
	store := NewStore(cfg)
	symbols := flow.NewSymbols(1000)
	var clock atomic.Int64
	clock.Store(testNow)

	plain := append(append([]wireField(nil), short...), wireField{7, 2, 9999})
	swapped := []wireField{short[1], short[0], short[2], {7, 2, 9999}}
	record := cat(shortRecord(5), []byte{1, 2})
	data := appendSet(nil, 300, cat(record, record))
	options := cat(
		appendSet(nil, 3, optionsBody(10, 400, 1, wireField{149, 4, 0}, wireField{34, 4, 0})), appendSet(nil, 400, words(7, 100)),
		appendSet(nil, 3, optionsBody(10, 401, 1, wireField{10, 4, 0}, wireField{82, 4, 0})), appendSet(nil, 401, cat(words(1), []byte("eth1"))))

	var working, saving sync.WaitGroup
	for n := range decoders {
		dec, err := NewDecoder(store, cfg, symbols.Quota(100), nil)
		require.NoError(t, err)
		working.Go(func() {
			owner := flow.NewOwner(flow.OwnerConfig{Size: 3, Symbols: symbols})
			var total uint64
			decode := func(from netip.AddrPort, payload []byte, see func(*flow.Flow)) {
				dec.Begin(payload, from, clock.Load())
				for done := false; !done; {
					b := owner.Begin(clock.Load(), time.Time{})
					done = dec.Fill(b)
					total += uint64(b.Len())
					for fl := range b.All() {
						see(fl)
					}
					owner.Finish(nil)
				}
			}
			for i := range rounds {
				from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i % exporters)}), 1)
				template, src := plain, byte(1)
				if (i+n)%2 == 0 {
					template, src = swapped, 2
				}
				flows := 0
				decode(from, ipfix(uint32(i), 7, appendSet(nil, 2, templateBody(300, template)), data, options), func(fl *flow.Flow) {
					if fl.SequenceNum != uint32(i) {
						return // of a set that was held
					}
					flows++
					if fl.SrcAddr[15] != src || fl.Bytes != 5 || fl.SamplingRate != 100 {
						t.Errorf("%v sampled 1 in %d is not by the template of the datagram", fl.SrcAddr, fl.SamplingRate)
					}
				})
				if flows < 2 {
					t.Errorf("%d flows", flows)
				}
				either := func(fl *flow.Flow) {
					if fl.Bytes != 5 {
						t.Errorf("%d bytes", fl.Bytes)
					}
				}
				switch i % 5 {
				case 1:
					decode(from, ipfix(uint32(i), 7, appendSet(nil, 2, templateBody(300, nil))), either)
				case 2:
					clock.Add(int64(time.Hour))
				}
				decode(from, ipfix(uint32(i), 7, data), either)
			}
			if total != dec.Counters()[Flows] {
				t.Errorf("%d flows, %d counted", total, dec.Counters()[Flows])
			}
		})
	}
	quit := make(chan struct{})
	saving.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
			}
			if err := store.Snapshot(io.Discard); err != nil {
				t.Error(err)
			}
			unmapped.Elements()
			store.Stats()
		}
	})
	working.Wait()
	close(quit)
	saving.Wait()

	var held StoreStats
	fields := 0
	held.Exporters = len(store.exporters)
	for _, e := range store.exporters {
		for _, d := range e.domains {
			held.Domains++
			held.Options += d.options.len()
			held.HeldBytes += d.heldBytes
			held.Templates += len(d.templates)
			for _, tpl := range d.templates {
				fields += len(tpl.fields)
			}
		}
	}
	require.Equal(t, held, store.Stats())
	require.EqualValues(t, fields, store.fields.Load())
	require.Len(t, unmapped.Elements(), exporters)
}
