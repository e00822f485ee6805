package netflow

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/samplingrate"
)

// short is a template of a few fields, with a record.
var short = []wireField{{8, 4, 0}, {12, 4, 0}, {1, 4, 0}}

func shortRecord(bytes uint32) []byte {
	return be.AppendUint32([]byte{10, 0, 0, 1, 10, 0, 0, 2}, bytes)
}

// optionsBody builds an options template; the first fields are the scope.
func optionsBody(version, id uint16, scopes int, fields ...wireField) (p []byte) {
	n := len(fields)
	p = be.AppendUint16(p, id)
	if version == versionV9 {
		p = be.AppendUint16(be.AppendUint16(p, uint16(4*scopes)), uint16(4*(n-scopes)))
	} else {
		p = be.AppendUint16(be.AppendUint16(p, uint16(n)), uint16(scopes))
	}
	for _, f := range fields {
		p = be.AppendUint16(be.AppendUint16(p, f.id), f.length)
	}
	return p
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func words(vs ...uint32) (p []byte) {
	for _, v := range vs {
		p = be.AppendUint32(p, v)
	}
	return p
}

func TestV5(t *testing.T) {
	r := newRig(t, Config{}, 5)
	r.feed(func(b *flow.Batch, fl *flow.Flow) {
		require.EqualValues(t, 100, fl.SamplingRate, "14 bits of the header")
		require.EqualValues(t, 1_700_000_000_123_000_000-1_000_000_000, fl.TimeEnd)
		require.EqualValues(t, flow.EtherTypeIPv4, fl.EtherType)
		require.Equal(t, flow.AddrFrom(testExporter.Addr()), fl.Exporter)
	}, from(v5(30))...)
	require.Equal(t, 30, r.count(Flows))
	require.Empty(t, r.flows(from(v5(3)[:headerFixed+3*recordV5-1])...))
	require.Equal(t, 1, r.count(DatagramTruncated))
	require.Equal(t, DatagramTruncated, r.dec.Latest().Reason)
}

func TestV7(t *testing.T) {
	p := v5(0)
	be.PutUint16(p, 7)
	be.PutUint16(p[2:], 1)
	rec := make([]byte, recordV7)
	copy(rec, []byte{10, 1, 2, 3, 10, 3, 2, 1})
	rec[38] = flow.ProtoICMP
	be.PutUint16(rec[34:], 0x0800)
	fl := newRig(t, Config{}, 1).flows(from(append(p, rec...))...)[0]
	require.Equal(t, "10.1.2.3", fl.SrcAddr.String())
	require.EqualValues(t, flow.TypeNetFlowV7, fl.Type)
	require.EqualValues(t, 8, fl.ICMPType)
	require.False(t, fl.Has(flow.FieldSamplingRate))
}

// TestUptimeWraps has flows that began before the exporter's uptime wrapped, and
// one that ends after the export.
func TestUptimeWraps(t *testing.T) {
	h := header{exportMs: 1000, uptime: 50}
	require.EqualValues(t, 1000*milli, h.uptimeNanos(50))
	require.EqualValues(t, (1000-100)*milli, h.uptimeNanos(1<<32-50))
	require.EqualValues(t, 1010*milli, h.uptimeNanos(60))
}

func TestHeldUntilTheTemplateComes(t *testing.T) {
	for _, build := range []struct {
		set   uint16
		gram  func(seq, domain uint32, sets ...[]byte) []byte
		other uint32
	}{{0, v9, 8}, {2, ipfix, 8}} {
		r := newRig(t, Config{}, 1)
		data := appendSet(nil, 300, cat(shortRecord(1), shortRecord(2)))
		tpl := appendSet(nil, build.set, templateBody(300, short))
		require.Empty(t, r.flows(from(build.gram(1, 7, data))...))
		require.Empty(t, r.flows(from(build.gram(2, build.other, tpl))...), "a template of another domain")
		require.Equal(t, 1, r.count(HeldSets))
		require.Positive(t, r.store.Stats().HeldBytes)
		got := r.flows(from(build.gram(3, 7, appendSet(nil, 300, shortRecord(3)), tpl))...)
		require.Len(t, got, 3)
		require.EqualValues(t, 1, got[0].SequenceNum, "its own header")
		require.EqualValues(t, 3, got[2].SequenceNum)
		require.Zero(t, r.store.Stats().HeldBytes)
		require.Zero(t, r.store.held.Load())
	}
}

func TestHoldIsBounded(t *testing.T) {
	r := newRig(t, Config{HoldBytes: 4000, HoldFor: time.Minute}, 64)
	for i := range 100 {
		r.flows(from(v9(uint32(i), 7, appendSet(nil, 300, shortRecord(1))))...)
	}
	require.LessOrEqual(t, r.store.Stats().HeldBytes, 1000)
	require.Equal(t, 100, r.count(HeldSets)+r.count(HoldFull))
	held := r.count(HeldSets)
	r.now += int64(2 * time.Minute)
	r.flows(from(v9(100, 7, appendSet(nil, 300, shortRecord(1))))...)
	require.Equal(t, held, r.count(HoldExpired))
	require.Len(t, r.flows(from(v9(101, 7, appendSet(nil, 0, templateBody(300, short))))...), 1)

	none := newRig(t, Config{HoldBytes: -1}, 64)
	none.flows(from(v9(1, 7, appendSet(nil, 300, shortRecord(1))))...)
	require.Equal(t, 1, none.count(HoldFull))
}

func TestTemplatesAreRefused(t *testing.T) {
	many := make([]wireField, maxFields+1)
	for i := range many {
		many[i] = wireField{1, 4, 0}
	}
	for name, c := range map[string]struct {
		reason Reason
		gram   []byte
	}{
		"no fields":         {TemplateEmpty, v9(1, 1, appendSet(nil, 0, templateBody(256, nil)))},
		"fields of 0 bytes": {TemplateEmpty, v9(1, 1, appendSet(nil, 0, templateBody(256, []wireField{{1, 0, 0}, {2, 0, 0}})))},
		"the same in IPFIX": {TemplateEmpty, ipfix(1, 1, appendSet(nil, 2, templateBody(256, []wireField{{1, 0, 0}})))},
		"empty options":     {TemplateEmpty, v9(1, 1, appendSet(nil, 1, optionsBody(9, 256, 1, wireField{1, 0, 0})))},
		"many fields":       {TemplateFields, v9(1, 1, appendSet(nil, 0, templateBody(256, many)))},
		"reserved id":       {TemplateID, v9(1, 1, appendSet(nil, 0, templateBody(255, short)))},
		"cut":               {TemplateTruncated, v9(1, 1, appendSet(nil, 0, templateBody(256, short)[:10]))},
		"scope":             {TemplateScope, ipfix(1, 1, appendSet(nil, 3, optionsBody(10, 256, 2, wireField{1, 4, 0})))},
	} {
		r := newRig(t, Config{}, 8)
		r.flows(from(c.gram)...)
		require.Equal(t, 1, r.count(c.reason), "%s: %s", name, nonzero(r.dec))
		require.Equal(t, c.reason, r.dec.Latest().Reason)
		require.Zero(t, r.store.Stats().Templates)
	}
}

func TestOneBadSetCostsOnlyItself(t *testing.T) {
	r := newRig(t, Config{}, 8)
	good := appendSet(nil, 300, shortRecord(5))
	got := r.flows(from(v9(1, 7,
		appendSet(nil, 0, templateBody(300, short)),
		appendSet(nil, 0, []byte{1, 44, 0, 9, 1, 1}),
		appendSet(nil, 77, []byte{1, 2, 3}),
		good,
		cat(words(0x012c_ffff), []byte{1}),
	))...)
	require.Len(t, got, 1)
	require.Equal(t, 1, r.count(TemplateTruncated))
	require.Equal(t, 1, r.count(SetReserved))
	require.Equal(t, 1, r.count(SetTruncated))
}

func TestRedefinitionAndWithdrawal(t *testing.T) {
	r := newRig(t, Config{}, 8)
	swapped := []wireField{{12, 4, 0}, {8, 4, 0}, {1, 4, 0}}
	data := appendSet(nil, 300, shortRecord(5))
	got := r.flows(from(ipfix(1, 7,
		appendSet(nil, 2, templateBody(300, short)), data,
		appendSet(nil, 2, templateBody(300, swapped)), data,
	))...)
	require.Len(t, got, 2)
	require.Equal(t, "10.0.0.1", got[0].SrcAddr.String())
	require.Equal(t, "10.0.0.2", got[1].SrcAddr.String())
	require.Equal(t, 1, r.store.Stats().Templates)
	for _, id := range []uint16{300, 2} {
		r.flows(from(ipfix(3, 7, appendSet(nil, 2, templateBody(300, short))))...)
		require.Equal(t, 1, r.store.Stats().Templates)
		r.flows(from(ipfix(3, 7, appendSet(nil, 2, templateBody(id, nil))))...)
		require.Zero(t, r.store.Stats().Templates)
	}
	require.Zero(t, r.store.fields.Load())
}

// samplerShapes are the ways in which exporters tell the rate.
func TestSampling(t *testing.T) {
	v9Opt := func(scopes int, fields ...wireField) []byte {
		return appendSet(nil, 1, optionsBody(9, 400, scopes, fields...))
	}
	bySampler := append(append([]wireField(nil), short...), wireField{48, 4, 0})
	bySelector := append(append([]wireField(nil), short...), wireField{302, 8, 0})
	inData := append(append([]wireField(nil), short...), wireField{34, 4, 0})
	tpl := func(fields []wireField) []byte { return appendSet(nil, 0, templateBody(300, fields)) }
	rec := func(more ...uint32) []byte { return appendSet(nil, 300, cat(shortRecord(9), words(more...))) }
	opt := func(vs ...uint32) []byte { return appendSet(nil, 400, words(vs...)) }
	scope := wireField{1, 4, 0} // the system
	for name, c := range map[string]struct {
		cfg   Config
		sets  [][]byte
		rates []uint32
	}{
		"nobody tells":      {Config{}, [][]byte{tpl(short), rec()}, []uint32{0}},
		"default":           {Config{DefaultRate: 7}, [][]byte{tpl(short), rec()}, []uint32{7}},
		"default by prefix": {Config{DefaultRate: 7, DefaultRates: samplingrate.Rules{{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Rate: 9}, {Prefix: netip.MustParsePrefix("192.0.0.0/16"), Rate: 8}}}, [][]byte{tpl(short), rec()}, []uint32{9}},
		"default of others": {Config{DefaultRate: 7, DefaultRates: samplingrate.Rules{{Prefix: netip.MustParsePrefix("203.0.113.0/24"), Rate: 9}}}, [][]byte{tpl(short), rec()}, []uint32{7}},
		"no default":        {Config{DefaultRates: samplingrate.Rules{{Prefix: netip.MustParsePrefix("203.0.113.0/24"), Rate: 9}}}, [][]byte{tpl(short), rec()}, []uint32{0}},
		"told, not default": {Config{DefaultRates: samplingrate.Rules{{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Rate: 9}}}, [][]byte{v9Opt(1, scope, wireField{34, 4, 0}), opt(0, 100), tpl(short), rec()}, []uint32{100}},
		"interval":          {Config{}, [][]byte{v9Opt(1, scope, wireField{34, 4, 0}), opt(0, 100), tpl(short), rec()}, []uint32{100}},
		"options behind":    {Config{}, [][]byte{tpl(short), rec(), v9Opt(1, scope, wireField{34, 4, 0}), opt(0, 100)}, []uint32{100}},
		"override":          {Config{Rates: samplingrate.Rules{{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Rate: 3}, {Prefix: netip.MustParsePrefix("192.0.2.0/24"), Rate: 5}}}, [][]byte{v9Opt(1, scope, wireField{34, 4, 0}), opt(0, 100), tpl(inData), rec(2)}, []uint32{5}},
		"two samplers":      {Config{}, [][]byte{v9Opt(1, scope, wireField{48, 4, 0}, wireField{50, 4, 0}), opt(0, 1, 100), opt(0, 2, 2000), tpl(bySampler), rec(1), rec(2), rec(3)}, []uint32{100, 2000, 0}},
		"two, none told":    {Config{}, [][]byte{v9Opt(1, scope, wireField{48, 4, 0}, wireField{50, 4, 0}), opt(0, 1, 100), opt(0, 2, 2000), tpl(short), rec()}, []uint32{0}},
		"the only sampler":  {Config{}, [][]byte{v9Opt(1, scope, wireField{48, 4, 0}, wireField{50, 4, 0}), opt(0, 1, 100), tpl(short), rec()}, []uint32{100}},
		"selector":          {Config{}, [][]byte{v9Opt(1, scope, wireField{302, 4, 0}, wireField{305, 4, 0}, wireField{306, 4, 0}), opt(0, 1, 1, 999), tpl(bySelector), rec(0, 1)}, []uint32{1000}},
		"interval of 2":     {Config{}, [][]byte{v9Opt(1, scope, wireField{305, 4, 0}, wireField{306, 4, 0}), opt(0, 2, 98), tpl(short), rec()}, []uint32{50}},
		"interval alone":    {Config{}, [][]byte{v9Opt(1, scope, wireField{305, 4, 0}), opt(0, 64), tpl(short), rec()}, []uint32{64}},
		"size, population":  {Config{}, [][]byte{v9Opt(1, scope, wireField{309, 4, 0}, wireField{310, 4, 0}), opt(0, 2, 600), tpl(short), rec()}, []uint32{300}},
		"in the data":       {Config{}, [][]byte{v9Opt(1, scope, wireField{34, 4, 0}), opt(0, 100), tpl(inData), rec(512), rec(0)}, []uint32{512, 100}},
		"space in the data": {Config{}, [][]byte{tpl(append(append([]wireField(nil), short...), wireField{305, 4, 0}, wireField{306, 4, 0})), rec(1, 9)}, []uint32{10}},
		"by interface": {Config{}, [][]byte{v9Opt(1, wireField{2, 4, 0}, wireField{34, 4, 0}), opt(11, 100), opt(12, 200),
			tpl(append(append([]wireField(nil), short...), wireField{10, 4, 0})), rec(11), rec(12), rec(13)}, []uint32{100, 200, 0}},
	} {
		r := newRig(t, c.cfg, 2)
		got := r.flows(from(v9(1, 7, c.sets...))...)
		require.Len(t, got, len(c.rates), name)
		for i, want := range c.rates {
			require.Equal(t, want, got[i].SamplingRate, "%s, flow %d", name, i)
			require.Equal(t, want != 0, got[i].Has(flow.FieldSamplingRate), name)
		}
	}
}

func TestOptionsOfTheWholeExporter(t *testing.T) {
	r := newRig(t, Config{}, 8)
	r.flows(from(v9(1, 0, appendSet(nil, 1, optionsBody(9, 400, 1, wireField{1, 4, 0}, wireField{34, 4, 0})), appendSet(nil, 400, words(0, 50))))...)
	got := r.flows(from(v9(1, 7, appendSet(nil, 0, templateBody(300, short)), appendSet(nil, 300, shortRecord(1))))...)
	require.EqualValues(t, 50, got[0].SamplingRate)
}

func TestNamesOfOptions(t *testing.T) {
	r := newRig(t, Config{}, 8)
	text := func(s string) []byte { return append([]byte(s), make([]byte, 8-len(s))...) }
	fields := append(append([]wireField(nil), short...), wireField{10, 4, 0}, wireField{14, 2, 0}, wireField{234, 4, 0}, wireField{235, 4, 0}, wireField{95, 4, 0})
	seen := 0
	r.feed(func(b *flow.Batch, fl *flow.Flow) {
		seen++
		name := func(f flow.Field) string { s, _ := b.Text(fl, f); return string(s) }
		require.Equal(t, "eth1", name(flow.FieldInIfName))
		require.Equal(t, "uplink", name(flow.FieldInIfDesc))
		require.Equal(t, "eth2", name(flow.FieldOutIfName))
		require.Equal(t, "red", name(flow.FieldIngressVRFName))
		require.Equal(t, "blue", name(flow.FieldEgressVRFName))
		require.Equal(t, "http", name(flow.FieldAppName))
		id, _ := b.AppID(fl)
		require.EqualValues(t, uint64(3)<<56|80, id)
	}, from(ipfix(1, 7,
		appendSet(nil, 3, optionsBody(10, 400, 1, wireField{10, 4, 0}, wireField{82, 8, 0}, wireField{83, 8, 0})),
		appendSet(nil, 400, cat(words(1), text("eth1"), text("uplink"), words(2), text("eth2"), text(""))),
		appendSet(nil, 3, optionsBody(10, 401, 1, wireField{234, 4, 0}, wireField{236, 8, 0})),
		appendSet(nil, 401, cat(words(5), text("red"), words(6), text("blue"))),
		appendSet(nil, 3, optionsBody(10, 402, 1, wireField{95, 4, 0}, wireField{96, 8, 0})),
		appendSet(nil, 402, cat([]byte{3, 0, 0, 80}, text("http"))),
		appendSet(nil, 2, templateBody(300, fields)),
		appendSet(nil, 300, cat(shortRecord(1), words(1), []byte{0, 2}, words(5, 6), []byte{3, 0, 0, 80})),
	))...)
	require.Equal(t, 1, seen)
	require.Equal(t, 5, r.count(OptionsRecords))
}

func TestTimesOfIPFIX(t *testing.T) {
	const export = 1_700_000_000
	ntp := uint64(export+ntpEpoch)<<32 | 1<<31 // half a second later
	u8 := func(v uint64) []byte { return be.AppendUint64(nil, v) }
	init := uint64(export)*1000 - 5000 - 1<<32 // uptime has wrapped once
	for name, c := range map[string]struct {
		fields     []wireField
		data       []byte
		start, end int64
	}{
		"seconds":      {[]wireField{{150, 4, 0}, {151, 4, 0}}, words(export-2, export-1), (export - 2) * 1e9, (export - 1) * 1e9},
		"milliseconds": {[]wireField{{152, 8, 0}, {153, 8, 0}}, cat(u8(export*1000-2), u8(export*1000)), export*1e9 - 2e6, export * 1e9},
		"microseconds": {[]wireField{{154, 8, 0}, {155, 8, 0}}, cat(u8(ntp), u8(ntp)), export*1e9 + 5e8, export*1e9 + 5e8},
		"nanoseconds":  {[]wireField{{156, 8, 0}, {157, 8, 0}}, cat(u8(ntp), u8(ntp)), export*1e9 + 5e8, export*1e9 + 5e8},
		"delta":        {[]wireField{{158, 4, 0}, {159, 4, 0}}, words(1_500_000, 500_000), export*1e9 - 15e8, export*1e9 - 5e8},
		"uptime":       {[]wireField{{22, 4, 0}, {21, 4, 0}, {160, 8, 0}}, cat(words(1000, 2000), u8(init)), export*1e9 - 4e9, export*1e9 - 3e9},
		"no init":      {[]wireField{{22, 4, 0}, {21, 4, 0}}, words(1000, 2000), 0, 0},
		"unknown":      {[]wireField{{152, 8, 0}, {153, 8, 0}}, cat(u8(0), u8(0)), 0, 0},
	} {
		r := newRig(t, Config{}, 8)
		got := r.flows(from(ipfix(1, 7, appendSet(nil, 2, templateBody(300, c.fields)), appendSet(nil, 300, c.data)))...)
		require.Len(t, got, 1, name)
		require.Equal(t, c.start, got[0].TimeStart, name)
		require.Equal(t, c.end, got[0].TimeEnd, name)
		require.Equal(t, c.start != 0, got[0].Has(flow.FieldTimeStart), name)
	}
	r := newRig(t, Config{}, 8)
	got := r.flows(from(ipfix(1, 7,
		appendSet(nil, 3, optionsBody(10, 400, 1, wireField{149, 4, 0}, wireField{160, 8, 0})), appendSet(nil, 400, cat(words(7), u8(init))),
		appendSet(nil, 2, templateBody(300, []wireField{{22, 4, 0}})), appendSet(nil, 300, words(1000))))...)
	require.EqualValues(t, export*1e9-4e9, got[0].TimeStart, "told by options")
}

func TestFields(t *testing.T) {
	cell := flow.Extension[uint32]("cell")
	var unmapped Unmapped
	cfg := Config{Extra: []Mapping{{PEN: 9999, ID: 5, Field: "cell"}}, Unmapped: &unmapped}
	r := newRig(t, cfg, 8, cell)
	fields := []wireField{
		{8, 4, 0}, {27, 16, 0}, {1, 3, 0}, {32, 2, 0}, {6, 2, 0}, {89, 4, 0}, {70, 3, 0}, {71, 3, 0}, {72, 3, 0},
		{1, 8, 29305}, {352, 8, 0}, {85, 8, 0}, {23, 4, 0}, {5, 2, 9999}, {6, 2, 9999}, {371, 0xffff, 0}, {96, 0xffff, 0}, {497, 32, 0},
	}
	v6 := netip.MustParseAddr("2001:db8::1").As16()
	rec := cat([]byte{0, 0, 0, 0}, v6[:], []byte{1, 0, 0}, []byte{8, 3}, []byte{1, 2}, words(64),
		[]byte{0, 0x10, 0}, []byte{0, 0x20, 1}, []byte{0, 0x30, 1},
		be.AppendUint64(nil, 11), be.AppendUint64(nil, 12), be.AppendUint64(nil, 13), words(14), []byte{0, 15, 0, 16},
		[]byte{3, 'b', 'o', 'b'}, []byte{255, 0, 3, 'w', 'e', 'b'}, v6[:], v6[:])
	n := 0
	r.feed(func(b *flow.Batch, fl *flow.Flow) {
		n++
		require.Equal(t, "2001:db8::1", fl.SrcAddr.String(), "the empty address does not count")
		require.EqualValues(t, flow.EtherTypeIPv6, fl.EtherType)
		require.EqualValues(t, 1<<16, fl.Bytes)
		require.Equal(t, []uint8{8, 3, 1, 64}, []uint8{fl.ICMPType, fl.ICMPCode, fl.Proto, fl.ForwardingStatus})
		require.EqualValues(t, 0x102, fl.TCPFlags)
		labels, _ := b.MPLSLabels(fl)
		require.Equal(t, []uint32{0x100, 0x200}, labels)
		for want, get := range map[uint64]func(*flow.Flow) (uint64, bool){11: b.ReverseBytes, 12: b.BytesLayer2, 13: b.BytesTotal, 14: b.BytesOut} {
			got, ok := get(fl)
			require.True(t, ok)
			require.Equal(t, want, got)
		}
		c, _ := cell.Get(b, fl)
		require.EqualValues(t, 15, c)
		user, _ := b.Text(fl, flow.FieldUser)
		require.Equal(t, "bob", string(user))
		app, _ := b.Text(fl, flow.FieldAppName)
		require.Equal(t, "web", string(app))
		segments, _ := b.SRv6Segments(fl)
		require.Len(t, segments, 2)
	}, from(ipfix(1, 7, appendSet(nil, 2, templateBody(300, fields)), appendSet(nil, 300, cat(rec, rec, []byte{0, 0}))))...)
	require.Equal(t, 2, n)
	require.Equal(t, []Element{{9999, 6, testExporter.Addr(), 2, 2, []byte{0, 16}}}, unmapped.Elements())
	_, err := NewDecoder(NewStore(cfg), cfg, flow.NewSymbols(0).Quota(1), nil)
	require.ErrorContains(t, err, `no field "cell"`)
}

func TestSequences(t *testing.T) {
	r := newRig(t, Config{}, 8)
	for _, seq := range []uint32{10, 11, 14, 12, 15, 0, 1} {
		r.flows(from(v9(seq, 1))...)
	}
	require.Equal(t, 2, r.count(LostDatagrams))
	require.Equal(t, 1, r.count(LateDatagrams))
	require.Equal(t, 1, r.count(SequenceResets))
	tpl := appendSet(nil, 2, templateBody(300, short))
	r.flows(from(
		ipfix(5, 1, tpl, appendSet(nil, 300, cat(shortRecord(1), shortRecord(2)))),
		ipfix(7, 1, appendSet(nil, 300, shortRecord(1))),
		ipfix(11, 1),
	)...)
	require.Equal(t, 3, r.count(LostRecords))
}

func TestStoreIsBoundedAndForgets(t *testing.T) {
	r := newRig(t, Config{MaxTemplates: 10, TemplateTTL: time.Hour}, 8)
	for i := range 30 {
		g := datagram{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 1), v9(1, 1, appendSet(nil, 0, templateBody(300, short)))}
		r.flows(g)
	}
	require.Equal(t, StoreStats{Exporters: 10, Domains: 10, Templates: 10}, r.store.Stats())
	require.Equal(t, 20, r.count(ExportersFull))
	for range 3 {
		r.now += int64(time.Hour)
		r.flows(from(v9(1, 1, appendSet(nil, 0, templateBody(300, short))))...)
	}
	require.Equal(t, StoreStats{Exporters: 1, Domains: 1, Templates: 1}, r.store.Stats())
}

func TestSnapshotInTheMiddle(t *testing.T) {
	text := append([]byte("eth1"), 0, 0, 0, 0)
	fields := append(append([]wireField(nil), short...), wireField{48, 4, 0}, wireField{10, 4, 0})
	setup := from(ipfix(1, 7,
		appendSet(nil, 3, optionsBody(10, 400, 1, wireField{302, 4, 0}, wireField{34, 4, 0})), appendSet(nil, 400, words(3, 100)),
		appendSet(nil, 3, optionsBody(10, 401, 1, wireField{10, 4, 0}, wireField{82, 8, 0})), appendSet(nil, 401, cat(words(9), text)),
		appendSet(nil, 2, templateBody(300, fields)),
		appendSet(nil, 301, shortRecord(4)), // held
	))
	rest := from(
		ipfix(2, 7, appendSet(nil, 300, cat(shortRecord(1), words(3, 9)))),
		ipfix(3, 7, appendSet(nil, 2, templateBody(301, short))),
	)
	a := newRig(t, Config{}, 8)
	a.flows(setup...)
	var state bytes.Buffer
	require.NoError(t, a.store.Snapshot(&state))
	want := a.flows(rest...)
	require.Len(t, want, 2)

	store := NewStore(Config{})
	require.NoError(t, store.Load(bytes.NewReader(state.Bytes())))
	require.Equal(t, 3, store.Stats().Templates)
	b := rigOn(t, store, Config{}, 8)
	n := 0
	b.feed(func(batch *flow.Batch, fl *flow.Flow) {
		require.Equal(t, want[n].SamplingRate, fl.SamplingRate)
		require.Equal(t, want[n].Bytes, fl.Bytes)
		require.Equal(t, want[n].SequenceNum, fl.SequenceNum)
		name, _ := batch.Text(fl, flow.FieldInIfName)
		if n == 0 {
			require.Equal(t, "eth1", string(name))
		}
		n++
	}, rest...)
	require.Equal(t, 2, n)
	require.Error(t, store.Load(bytes.NewReader(state.Bytes())), "there are decoders")
	require.ErrorContains(t, NewStore(Config{}).Load(bytes.NewReader([]byte(`{"version":9}`))), "version 9")
	require.Error(t, NewStore(Config{}).Load(bytes.NewReader([]byte(`{`))))
	bad := `{"version":2,"domains":[{"exporter":"192.0.2.1","protocol":9,"domain":1,"templates":[{"id":300,"definition":"AAE="}]}]}`
	require.ErrorContains(t, NewStore(Config{}).Load(bytes.NewReader([]byte(bad))), "1 entries left out")
}
