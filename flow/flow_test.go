package flow_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

func begin(size int) (*flow.Owner, *flow.Batch) {
	o := flow.NewOwner(flow.OwnerConfig{Size: size, Poison: true})
	return o, o.Begin(0, time.Time{})
}

func TestWriteColumn(t *testing.T) {
	o := flow.NewOwner(flow.OwnerConfig{Size: 4})
	b := o.Begin(0, time.Time{})
	b.Next()
	fl := b.Next()
	vals, has := flow.WriteColumn[uint64](b, flow.FieldBytesOut)
	require.Len(t, vals, 2)
	require.Equal(t, []bool{false, false}, has)
	vals[1], has[1] = 7, true
	out, ok := b.BytesOut(fl)
	require.True(t, ok)
	require.EqualValues(t, 7, out)
	for _, f := range []flow.Field{flow.FieldBytes, flow.FieldTOSOut, 0} {
		vals, has = flow.WriteColumn[uint64](b, f)
		require.Nil(t, vals, "no column of the type")
		require.Nil(t, has)
	}
	o.Finish(nil)
}

func TestExtend(t *testing.T) {
	o := flow.NewOwner(flow.OwnerConfig{Size: 4})
	b := o.Begin(0, time.Time{})
	b.Next().SetSrcPort(1)
	var like flow.Flow
	like.SetSrcPort(2)
	require.Len(t, b.Extend(&like, 2), 2)
	added := b.Extend(&like, 9)
	require.Len(t, added, 1, "no more fit")
	added[0].SetSrcPort(3)
	require.Empty(t, b.Extend(&like, 1))
	require.Empty(t, b.Extend(&like, -1))
	var ports []uint16
	for fl := range b.All() {
		require.True(t, fl.Has(flow.FieldSrcPort))
		ports = append(ports, fl.SrcPort)
	}
	require.Equal(t, []uint16{1, 2, 2, 3}, ports)
	o.Finish(nil)
}

func TestSize(t *testing.T) {
	require.Equal(t, uintptr(256), unsafe.Sizeof(flow.Flow{}))
	var fl flow.Flow
	require.Equal(t, uintptr(64), unsafe.Offsetof(fl.TimeReceived), "second cache line")
}

// fill sets every field of a flow to a value that n makes, and returns what the
// fields then read as.
func fill(b *flow.Batch, fl *flow.Flow, n uint64) map[flow.Field]any {
	want := map[flow.Field]any{}
	for _, f := range flow.Fields() {
		switch f.Info().Kind {
		case flow.KindU8, flow.KindU16, flow.KindU32, flow.KindU64, flow.KindTime, flow.KindMAC:
			b.SetUint(fl, f, n%200)
			want[f] = n % 200
		case flow.KindAddr:
			a := flow.AddrFrom4([4]byte{10, 0, byte(f), byte(n)})
			b.SetAddr(fl, f, a)
			want[f] = a
		case flow.KindText, flow.KindSymbol:
			text := fmt.Sprint(f, n)
			b.SetText(fl, f, text)
			want[f] = text
		case flow.KindCountry:
			b.SetText(fl, f, "de")
			want[f] = "DE"
		case flow.KindU32s:
			b.SetU32s(fl, f, []uint32{uint32(n), uint32(f)})
			want[f] = []uint32{uint32(n), uint32(f)}
		case flow.KindAddrs:
			a := []flow.Addr{flow.AddrFrom4([4]byte{10, 1, byte(f), byte(n)})}
			b.SetAddrs(fl, f, a)
			want[f] = a
		}
	}
	return want
}

func read(b *flow.Batch, fl *flow.Flow) map[flow.Field]any {
	got := map[flow.Field]any{}
	for _, f := range flow.Fields() {
		if !b.Has(fl, f) {
			continue
		}
		switch f.Info().Kind {
		case flow.KindAddr:
			got[f], _ = b.Addr(fl, f)
		case flow.KindText, flow.KindSymbol, flow.KindCountry:
			text, _ := b.Text(fl, f)
			got[f] = string(text)
		case flow.KindU32s:
			got[f], _ = b.U32s(fl, f)
		case flow.KindAddrs:
			got[f], _ = b.Addrs(fl, f)
		default:
			got[f], _ = b.Uint(fl, f)
		}
	}
	return got
}

func TestEveryFieldReadsBack(t *testing.T) {
	_, b := begin(4)
	for n := range uint64(4) {
		fl := b.Next()
		require.Empty(t, read(b, fl))
		want := fill(b, fl, n)
		require.Len(t, want, len(flow.Fields()))
		require.Equal(t, want, read(b, fl))
		_, unmarked := fl.Unmarked()
		require.False(t, unmarked)
	}
	require.Nil(t, b.Next())

	copied := flow.NewOwner(flow.OwnerConfig{Size: 4, Symbols: b.Symbols()}).Begin(0, time.Time{})
	for fl := range b.All() {
		require.Equal(t, read(b, fl), read(copied, copied.Append(b, fl)))
	}
	for fl := range b.All() {
		for _, f := range flow.Fields() {
			b.Clear(fl, f)
		}
		require.Empty(t, read(b, fl))
		require.Equal(t, flow.Flow{}, *fl)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"sampler_address", "Exporter", "samplerAddress"} {
		f, ok := flow.FieldByName(name)
		require.True(t, ok, name)
		require.Equal(t, flow.FieldExporter, f)
	}
	f, ok := flow.FieldByName("Cid")
	require.True(t, ok)
	require.Equal(t, flow.FieldCustomerID, f)
	require.Equal(t, "invalid", flow.EnumText(flow.FieldDstRPKI, flow.RPKIInvalid))
}

func TestAddr(t *testing.T) {
	for _, s := range []string{"", "192.0.2.1", "255.10.9.100", "2001:db8::1", "::1"} {
		a, err := flow.ParseAddr(s)
		require.NoError(t, err)
		require.Equal(t, s, a.String())
		require.Equal(t, s, string(a.AppendTo(nil)))
		require.Equal(t, a.Netip().Is4(), a.Is4())
	}
	_, err := flow.ParseAddr("300.1.1.1")
	require.Error(t, err)
	require.Equal(t, "02:00:00:00:00:fe", flow.MACFromUint64(0x0200000000fe).String())
}

func TestViewIsUntouchedByWhatFollows(t *testing.T) {
	o, b := begin(64)
	for i := range 64 {
		fl := b.Next()
		fl.SetSrcAS(uint32(i))
		b.SetNote(fl, fmt.Sprint("note ", i))
	}
	b.Keep(func(fl *flow.Flow) bool { return fl.SrcAS%2 == 0 })
	v := b.Retain()
	flows, _ := b.Raw()
	odd := []uint16{}
	for i := range flows {
		if i%2 == 1 {
			odd = append(odd, uint16(i))
		}
	}
	var work sync.WaitGroup
	work.Go(func() {
		n := 0
		for fl := range v.Batch().All() {
			note, _ := v.Batch().Note(fl)
			require.Equal(t, fmt.Sprint("note ", fl.SrcAS), string(note))
			v.Batch().SetUser(fl, "view")
			n++
		}
		require.Equal(t, 32, n)
		v.Release(nil)
	})
	b.SetRows(odd)
	for fl := range b.All() {
		fl.SetDstAS(7)
		b.SetNote(fl, "changed")
		b.SetUser(fl, "batch")
	}
	work.Wait()
	for fl := range b.All() {
		user, _ := b.User(fl)
		require.Equal(t, "batch", string(user))
	}
	b.SetNATSrcPort(&flows[0], 80)
	ports, _ := flow.Column[uint16](b, flow.FieldNATSrcPort)
	o.Finish(nil)
	require.Equal(t, uint32(0xdbdbdbdb), flows[0].SrcAS, "memory is poisoned")
	require.Equal(t, uint16(0xdbdb), ports[0], "columns too")
}

func TestCompletion(t *testing.T) {
	o, b := begin(4)
	var told []error
	b.Next()
	b.OnDone(func(err error) { told = append(told, err) })
	first, second := errors.New("first"), errors.New("second")
	hold, view := b.Hold(), b.Retain()
	o.Finish(nil)
	require.Empty(t, told)
	view.Release(first)
	hold(second)
	require.Equal(t, []error{first}, told)
	require.Panics(t, func() { hold(nil) })
	require.Panics(t, func() { view.Release(nil) })
	require.Panics(t, func() { o.Finish(nil) })
}

func TestHoldOutlivesMemory(t *testing.T) {
	o, b := begin(4)
	done := 0
	b.OnDone(func(error) { done++ })
	hold := b.Hold()
	o.Finish(nil)
	again := o.Begin(1, time.Time{})
	again.OnDone(func(error) { done += 10 })
	o.Finish(nil)
	require.Equal(t, 10, done)
	hold(nil)
	require.Equal(t, 11, done)
}

func TestExtensions(t *testing.T) {
	app, other := flow.Extension[uint32]("app_id2", flow.Doc("x")), flow.Extension[flow.Text]("banner")
	l, err := flow.NewLayout(app, other, app)
	require.NoError(t, err)
	b := flow.NewOwner(flow.OwnerConfig{Layout: l}).Begin(0, time.Time{})
	fl := b.Next()
	app.Set(b, fl, 9)
	other.Set(b, fl, b.AppendText("hello"))
	f, ok := l.Lookup("app_id2")
	require.True(t, ok)
	v, ok := b.Uint(fl, f)
	require.True(t, ok)
	require.Equal(t, uint64(9), v)
	require.Panics(t, func() { flow.Extension[uint8]("undeclared").Set(b, fl, 1) })
	_, err = flow.NewLayout(app, flow.Extension[uint8]("src_addr"), flow.Extension[uint8]("A b"))
	require.ErrorContains(t, err, `extension "src_addr": the name is taken`)
	require.ErrorContains(t, err, `extension "A b": a name is made of a-z, 0-9 and _`)
}

func TestSymbolsAreBounded(t *testing.T) {
	s := flow.NewSymbols(3)
	a := s.Intern("a")
	require.Equal(t, "a", s.String(a))
	require.Equal(t, a, s.Intern("a"))
	q := s.Quota(1)
	_, ok := q.Intern([]byte("b"))
	require.True(t, ok)
	_, ok = q.Intern([]byte("c"))
	require.False(t, ok)
	require.Equal(t, uint64(1), q.Refused())
	require.NotZero(t, s.Intern("d"))
	require.Zero(t, s.Intern("e"))
	require.Equal(t, uint64(1), s.Refused())
}

// TestSelection compares the operations on a selection with a slice of numbers.
func TestSelection(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		_, b := begin(100)
		var model []uint32
		for i := range uint32(r.IntN(100)) {
			b.Next().SetSrcAS(i)
			model = append(model, i)
		}
		for range 5 {
			m, k := uint32(2+r.IntN(5)), uint32(r.IntN(3))
			b.Keep(func(fl *flow.Flow) bool { return fl.SrcAS%m != k })
			model = slices.DeleteFunc(model, func(n uint32) bool { return n%m == k })
		}
		var got []uint32
		for fl := range b.All() {
			require.Equal(t, int(fl.SrcAS), b.Index(fl))
			got = append(got, fl.SrcAS)
		}
		require.Equal(t, len(model), b.Len())
		require.True(t, slices.Equal(model, got))
	}
}

func TestHotPathAllocatesNothing(t *testing.T) {
	o := flow.NewOwner(flow.OwnerConfig{})
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := o.Begin(0, time.Time{})
		for fl := b.Next(); fl != nil; fl = b.Next() {
			fl.SetSrcPort(80)
			b.SetNATSrcPort(fl, 81)
			b.SetNote(fl, "note")
		}
		b.Keep(func(fl *flow.Flow) bool { return fl.SrcPort == 80 })
		o.Finish(nil)
	}))
}

func BenchmarkNextAndSet(b *testing.B) {
	o := flow.NewOwner(flow.OwnerConfig{})
	batch := o.Begin(0, time.Time{})
	b.ReportAllocs()
	for b.Loop() {
		fl := batch.Next()
		if fl == nil {
			o.Finish(nil)
			batch = o.Begin(0, time.Time{})
			continue
		}
		fl.SetBytes(1)
		fl.SetPackets(1)
		fl.SetSrcPort(1)
		fl.SetDstPort(1)
		fl.SetProto(6)
	}
}

func BenchmarkHash(b *testing.B) {
	var fl flow.Flow
	for b.Loop() {
		fl.SetSrcPort(uint16(fl.Hash()))
	}
}

func TestNeighboursHashApart(t *testing.T) {
	_, b := begin(2)
	one, two := b.Next(), b.Next()
	same := 0
	for i := range uint32(500) {
		one.SetSrcAS(2 * i)
		two.SetSrcAS(2*i + 1)
		by := []flow.Field{flow.FieldSrcAS}
		if b.Hash(one, by) == b.Hash(two, by) {
			same++
		}
	}
	require.Zero(t, same)
	one.SetProto(16)
	two.SetProto(17)
	require.NotEqual(t, one.Hash(), two.Hash())

	lists := []flow.Field{flow.FieldASPath, flow.FieldCommunities}
	b.SetASPath(one, []uint32{10, 20})
	b.SetASPath(two, []uint32{10})
	b.SetCommunities(two, []uint32{20})
	require.NotEqual(t, b.Hash(one, lists), b.Hash(two, lists))
}

func TestAbsentColumnIsZero(t *testing.T) {
	_, b := begin(2)
	one, two := b.Next(), b.Next()
	b.SetNATSrcPort(one, 77)
	b.Clear(one, flow.FieldNATSrcPort)
	v, ok := b.Uint(one, flow.FieldNATSrcPort)
	require.Zero(t, v)
	require.False(t, ok)
	by := []flow.Field{flow.FieldNATSrcPort}
	require.Equal(t, b.Hash(two, by), b.Hash(one, by))
	one.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	_, ok = b.Uint(one, flow.FieldSrcAddr)
	require.False(t, ok)
}

func TestExtensionWithoutALayout(t *testing.T) {
	_, b := begin(1)
	e := flow.Extension[uint8]("lonely")
	_, ok := e.Get(b, b.Next())
	require.False(t, ok)
	vals, _ := e.Values(b)
	require.Nil(t, vals)
	require.PanicsWithValue(t, `flow: extension "lonely" was not declared to the pipeline`, func() { e.Set(b, nil, 1) })
}

func TestRefusingATextAllocatesNothing(t *testing.T) {
	q := flow.NewSymbols(10).Quota(0)
	text := []byte("a text that is longer than thirty-two bytes, so that a copy would show")
	require.Zero(t, testing.AllocsPerRun(100, func() { q.Intern(text) }))
}
