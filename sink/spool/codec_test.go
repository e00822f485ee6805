package spool

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

// extensions has one of each kind.
type extensions struct {
	u8      *flow.Ext[uint8]
	u16     *flow.Ext[uint16]
	u32     *flow.Ext[uint32]
	u64     *flow.Ext[uint64]
	time    *flow.Ext[int64]
	addr    *flow.Ext[flow.Addr]
	mac     *flow.Ext[flow.MAC]
	country *flow.Ext[flow.Country]
	symbol  *flow.Ext[flow.Symbol]
	text    *flow.Ext[flow.Text]
	list    *flow.Ext[flow.List]
	addrs   *flow.Ext[flow.AddrList]
}

func newExtensions(t testing.TB) (extensions, *flow.Layout) {
	x := extensions{
		flow.Extension[uint8]("x_u8"), flow.Extension[uint16]("x_u16"), flow.Extension[uint32]("x_u32"), flow.Extension[uint64]("x_u64"),
		flow.Extension[int64]("x_time"), flow.Extension[flow.Addr]("x_addr"), flow.Extension[flow.MAC]("x_mac"), flow.Extension[flow.Country]("x_country"),
		flow.Extension[flow.Symbol]("x_symbol"), flow.Extension[flow.Text]("x_text"), flow.Extension[flow.List]("x_list"), flow.Extension[flow.AddrList]("x_addrs"),
	}
	l, err := flow.NewLayout(x.u8, x.u16, x.u32, x.u64, x.time, x.addr, x.mac, x.country, x.symbol, x.text, x.list, x.addrs)
	require.NoError(t, err)
	return x, l
}

func (x extensions) set(r *rand.Rand, b *flow.Batch, fl *flow.Flow) {
	x.u8.Set(b, fl, uint8(r.Uint32()))
	x.u16.Set(b, fl, uint16(r.Uint32()))
	x.u32.Set(b, fl, r.Uint32())
	x.u64.Set(b, fl, r.Uint64())
	x.time.Set(b, fl, -r.Int64())
	x.addr.Set(b, fl, codectest.Addr(r))
	x.mac.Set(b, fl, flow.MACFromUint64(r.Uint64()>>16))
	x.country.Set(b, fl, flow.Country{'D', 'E'})
	x.symbol.Set(b, fl, b.Symbols().Intern("Kunde"))
	x.text.Set(b, fl, b.AppendText("\xff not UTF-8"))
	f, _ := b.Layout().Lookup("x_list")
	b.SetU32s(fl, f, make([]uint32, r.IntN(5000))) // longer than a list off a wire may be
	f, _ = b.Layout().Lookup("x_addrs")
	b.SetAddrs(fl, f, []flow.Addr{codectest.Addr(r), {}})
}

// TestRecordKeepsEverything compares all fields of the schema and extensions of all
// kinds, present in any combination, in a process that knows no symbol yet.
func TestRecordKeepsEverything(t *testing.T) {
	x, layout := newExtensions(t)
	r := rand.New(rand.NewPCG(1, 2))
	enc, dec := newEncoder(), newDecoder(layout)
	for range 50 {
		from := codectest.Empty(1+r.IntN(40), layout)
		share := r.Float64()
		for from.Len() < from.Cap() {
			fl := from.Next()
			codectest.Fill(r, from, fl, func(*flow.FieldInfo) bool { return r.Float64() < share })
			if r.IntN(2) == 0 {
				x.set(r, from, fl)
			}
		}
		from.Keep(func(*flow.Flow) bool { return r.IntN(4) > 0 })
		flows, rows := from.Raw()
		to := codectest.Empty(max(len(rows), 1), layout)
		require.NoError(t, dec.fill(enc.append(nil, from, rows), to))
		got, all := to.Raw()
		require.Len(t, all, len(rows))
		for i, row := range rows {
			require.Equal(t, codectest.Dump(from, &flows[row]), codectest.Dump(to, &got[i]))
			_, bad := got[i].Unmarked()
			require.False(t, bad)
		}
	}
	require.Zero(t, dec.unknown)
	require.Zero(t, dec.refused)
}

// TestRecordOfZeros keeps what is present although it is nothing.
func TestRecordOfZeros(t *testing.T) {
	from := codectest.Empty(1, nil)
	fl := from.Next()
	for _, f := range flow.Fields() {
		switch f.Info().Kind {
		case flow.KindCountry, flow.KindSymbol, flow.KindText:
			from.SetText(fl, f, "")
		case flow.KindAddr:
			from.SetAddr(fl, f, flow.Addr{})
		case flow.KindU32s:
			from.SetU32s(fl, f, nil)
		case flow.KindAddrs:
			from.SetAddrs(fl, f, nil)
		default:
			from.SetUint(fl, f, 0)
		}
	}
	to := codectest.Empty(1, nil)
	require.NoError(t, newDecoder(nil).fill(newEncoder().append(nil, from, []uint16{0}), to))
	got, _ := to.Raw()
	want := codectest.Dump(from, fl)
	require.Len(t, want, len(flow.Fields()))
	require.Equal(t, want, codectest.Dump(to, &got[0]))
}

// TestRecordOfAnotherProgram leaves out fields that are unknown here, or of another
// kind.
func TestRecordOfAnotherProgram(t *testing.T) {
	gone, other := flow.Extension[uint32]("gone"), flow.Extension[uint32]("other")
	before, err := flow.NewLayout(gone, other)
	require.NoError(t, err)
	from := codectest.Empty(2, before)
	for range 2 {
		fl := from.Next()
		fl.SetBytes(7)
		gone.Set(from, fl, 1)
		other.Set(from, fl, 2)
	}
	after, err := flow.NewLayout(flow.Extension[flow.Text]("other"))
	require.NoError(t, err)
	to := codectest.Empty(2, after)
	dec := newDecoder(after)
	require.NoError(t, dec.fill(newEncoder().append(nil, from, []uint16{0, 1}), to))
	flows, rows := to.Raw()
	require.Len(t, rows, 2)
	require.Equal(t, map[string]any{"bytes": uint64(7)}, codectest.Dump(to, &flows[1]))
	require.EqualValues(t, 4, dec.unknown)
}

// FuzzRecord reads anything: what is an error is one, and what is none is written
// alike again.
func FuzzRecord(f *testing.F) {
	x, layout := newExtensions(f)
	r := rand.New(rand.NewPCG(3, 4))
	from := codectest.Empty(2, layout)
	for range 2 {
		fl := from.Next()
		codectest.Fill(r, from, fl, codectest.All)
	}
	f.Add(newEncoder().append(nil, from, []uint16{0, 1}))
	from = codectest.Empty(1, layout)
	x.set(r, from, from.Next())
	f.Add(newEncoder().append(nil, from, []uint16{0}))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 'b', 'y', 't', 'e', 's', 4, 9, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, p []byte) {
		first := codectest.Empty(64, layout)
		if err := newDecoder(layout).fill(p, first); err != nil {
			require.ErrorIs(t, err, errRecord)
			return
		}
		flows, rows := first.Raw()
		second := codectest.Empty(64, layout)
		require.NoError(t, newDecoder(layout).fill(newEncoder().append(nil, first, rows), second))
		again, _ := second.Raw()
		for i := range flows {
			require.Equal(t, codectest.Dump(first, &flows[i]), codectest.Dump(second, &again[i]))
		}
	})
}

// BenchmarkRecord is a record of 512 flows with 25 fields, beside protobuf, which
// leaves out extensions.
func BenchmarkRecord(b *testing.B) {
	batch := codectest.Batch(512, codectest.Usual)
	_, rows := batch.Raw()
	owner := flow.NewOwner(flow.OwnerConfig{Size: 512, Symbols: batch.Symbols()})
	fresh := func(fn func(*flow.Batch)) {
		fn(owner.Begin(0, time.Time{}))
		owner.Finish(nil)
	}
	perFlow := func(b *testing.B, size int) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/flow")
		b.ReportMetric(float64(size)/512, "B/flow")
	}
	enc, dec := newEncoder(), newDecoder(nil)
	rec := enc.append(nil, batch, rows)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rec = enc.append(rec[:0], batch, rows)
		}
		perFlow(b, len(rec))
	})
	proto, unproto := codec.NewProtoEncoder(), codec.NewProtoDecoder(batch.Symbols().Quota(1000))
	msgs := proto.AppendBatch(nil, batch)
	b.Run("encode protobuf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			msgs = proto.AppendBatch(msgs[:0], batch)
		}
		perFlow(b, len(msgs))
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fresh(func(to *flow.Batch) {
				if err := dec.fill(rec, to); err != nil {
					b.Fatal(err)
				}
			})
		}
		perFlow(b, len(rec))
	})
	b.Run("decode protobuf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			fresh(func(to *flow.Batch) {
				for p := msgs; len(p) > 0; {
					msg, size, _, err := codec.Frame(p)
					if err == nil {
						err = unproto.Decode(msg, to, to.Next())
					}
					if err != nil {
						b.Fatal(err)
					}
					p = p[size:]
				}
			})
		}
		perFlow(b, len(msgs))
	})
}
