package geo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/geo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	countries = "testdata/countries.mmdb"
	cities    = "testdata/cities.mmdb"
	systems   = "testdata/systems.mmdb"
)

// between is a flow from one address to another.
func between(src, dst string) (fl flow.Flow) {
	fl.SetSrcAddr(flow.MustParseAddr(src))
	fl.SetDstAddr(flow.MustParseAddr(dst))
	return fl
}

// told is what a flow has of the lookup, by field.
func told(b *flow.Batch, fl *flow.Flow) map[flow.Field]string {
	all := map[flow.Field]string{}
	for _, f := range []flow.Field{
		flow.FieldSrcCountry, flow.FieldDstCountry, flow.FieldRemoteCountry, flow.FieldSrcCity, flow.FieldDstCity,
		flow.FieldSrcASName, flow.FieldDstASName,
	} {
		if text, ok := b.Text(fl, f); ok {
			all[f] = string(text)
		}
	}
	return all
}

// look runs flows through a lookup and returns the fields of each.
func look(t *testing.T, lookup pipeline.Transform, flows ...flow.Flow) (all []map[flow.Field]string, stats pipeline.Stats) {
	t.Helper()
	got := pipelinetest.Record()
	stats = pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(lookup).To(got))
	got.Each(func(b *flow.Batch, fl *flow.Flow) { all = append(all, told(b, fl)) })
	return all, stats
}

func counter(stats pipeline.Stats, name string) uint64 {
	s, _ := stats.Stage("geo")
	return s.Counters[name]
}

func TestCountries(t *testing.T) {
	all, stats := look(t, geo.Lookup(countries),
		between("192.0.2.142", "198.51.100.20"), between("2001:db8:1::1", "100.64.0.1"), between("192.0.2.142", "198.51.100.20"))
	require.Equal(t, []map[flow.Field]string{
		{flow.FieldSrcCountry: "GB", flow.FieldDstCountry: "SE"},
		{flow.FieldSrcCountry: "JP"},
		{flow.FieldSrcCountry: "GB", flow.FieldDstCountry: "SE"},
	}, all)
	require.EqualValues(t, 5, counter(stats, "found"))
	require.EqualValues(t, 1, counter(stats, "not_found"))
}

func TestSeveralDatabases(t *testing.T) {
	all, _ := look(t, geo.Lookup(cities, geo.Also(systems)), between("192.0.2.142", "198.51.100.20"), between("203.0.113.10", "192.0.2.142"))
	require.Equal(t, []map[flow.Field]string{
		{flow.FieldSrcCountry: "GB", flow.FieldSrcCity: "London", flow.FieldDstCountry: "SE", flow.FieldDstCity: "Linköping", flow.FieldDstASName: "Example Broadband"},
		{flow.FieldSrcASName: "Example Telecom", flow.FieldDstCountry: "GB", flow.FieldDstCity: "London"},
	}, all)
}

func TestLanguage(t *testing.T) {
	all, _ := look(t, geo.Lookup(cities, geo.Language("ru")), between("192.0.2.142", "100.64.0.1"))
	require.Equal(t, "Лондон", all[0][flow.FieldSrcCity])
	all, _ = look(t, geo.Lookup(cities, geo.Language("tlh")), between("192.0.2.142", "100.64.0.1"))
	require.Equal(t, map[flow.Field]string{flow.FieldSrcCountry: "GB"}, all[0])
}

func TestTheRemoteSide(t *testing.T) {
	remote := func(side uint8) flow.Flow {
		fl := between("192.0.2.142", "198.51.100.20")
		fl.SetRemoteSide(side)
		return fl
	}
	all, stats := look(t, geo.Lookup(countries, geo.Sides(geo.Remote)),
		remote(flow.SideSrc), remote(flow.SideDst), remote(flow.SideNeither))
	require.Equal(t, []map[flow.Field]string{{flow.FieldRemoteCountry: "GB"}, {flow.FieldRemoteCountry: "SE"}, {}}, all)
	require.EqualValues(t, 2, counter(stats, "found"), "nothing else is looked up")
	all, _ = look(t, geo.Lookup(countries, geo.Sides(geo.Dst|geo.Remote)), remote(flow.SideSrc))
	require.Equal(t, map[flow.Field]string{flow.FieldRemoteCountry: "GB", flow.FieldDstCountry: "SE"}, all[0])
}

func TestTheFlowsOwnAS(t *testing.T) {
	fl := between("198.51.100.20", "100.64.0.1")
	fl.SetSrcAS(64496)
	got := pipelinetest.Record()
	for _, opts := range [][]geo.Option{nil, {geo.ReplaceAS()}} {
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(fl)).Through(geo.Lookup(systems, opts...)).To(got))
	}
	require.EqualValues(t, 64496, got.Flows()[0].SrcAS)
	require.EqualValues(t, 64498, got.Flows()[1].SrcAS)
	all, _ := look(t, geo.Lookup(systems), fl)
	require.Empty(t, all[0], "the name would be that of another AS")
}

func TestWhatIsUnknownStays(t *testing.T) {
	fl := between("100.64.0.1", "100.64.0.2")
	fl.SetSrcCountry(flow.Country{'D', 'E'})
	all, _ := look(t, geo.Lookup(countries), fl)
	require.Equal(t, map[flow.Field]string{flow.FieldSrcCountry: "DE"}, all[0])
}

func TestAFullSymbolTableIsCounted(t *testing.T) {
	fl := between("192.0.2.142", "198.51.100.20")
	p, err := pipeline.From(pipelinetest.Flows(fl)).Through(geo.Lookup(cities)).To(sink.Discard()).Build(pipeline.WithSymbols(flow.NewSymbols(1)))
	require.NoError(t, err)
	require.NoError(t, p.Run(t.Context()))
	require.EqualValues(t, 1, counter(p.Stats(), "refused_names"))
}

func TestADatabaseThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db.mmdb")
	put := func(from string) {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path+".next", data, 0o600))
		require.NoError(t, os.Rename(path+".next", path))
	}
	put(countries)
	fl := between("203.0.113.10", "192.0.2.142")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changed := false
	again := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		*b.Next() = fl
		time.Sleep(time.Millisecond)
		return ctx.Err()
	})
	wait := sink.Func("wait", func(b *flow.Batch) error {
		for fl := range b.All() {
			switch all := told(b, fl); {
			case !changed && all[flow.FieldDstCountry] == "GB":
				changed = true
				put(systems)
			case changed && all[flow.FieldSrcASName] == "Example Telecom":
				cancel()
			}
		}
		return nil
	})
	err := pipeline.From(again).Through(geo.Lookup(path, geo.Reload(time.Millisecond))).To(wait).Run(ctx)
	require.NoError(t, err)
	require.True(t, changed)
}

func TestMistakes(t *testing.T) {
	for _, lookup := range []pipeline.Transform{
		geo.Lookup(""), geo.Lookup(countries, geo.Also("")), geo.Lookup(countries, geo.Sides(0)),
		geo.Lookup(countries, geo.Sides(8)), geo.Lookup(countries, geo.Reload(0)),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(lookup).To(sink.Discard()).Build()
		require.ErrorContains(t, err, "geo: ")
	}
	_, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(geo.Lookup("testdata/missing.mmdb")).To(sink.Discard()))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows()).Through(geo.Lookup("doc.go")).To(sink.Discard()))
	require.ErrorContains(t, err, "doc.go: ")
}

// corpus has databases of others that are damaged in one way each.
const corpus = "../../../shared/corpus/maxmind-db/bad-data"

// damaged returns databases of which one part is changed or missing, and those of
// the corpus if it is there.
func damaged(tb testing.TB) (paths []string) {
	tb.Helper()
	dir := tb.TempDir()
	whole, err := os.ReadFile(cities)
	require.NoError(tb, err)
	put := func(data []byte) {
		path := filepath.Join(dir, fmt.Sprintf("%d.mmdb", len(paths)))
		require.NoError(tb, os.WriteFile(path, data, 0o600))
		paths = append(paths, path)
	}
	for n := 0; n < len(whole); n += 5 {
		data := slices.Clone(whole)
		data[n] ^= 0xff
		put(data)
		put(whole[:n])
	}
	others, err := filepath.Glob(corpus + "/*/*.mmdb")
	require.NoError(tb, err)
	return append(paths, others...)
}

// TestDamagedDatabases asks each for many addresses: it is refused when it is
// opened, or what it cannot tell is counted, or it does not matter to what is asked.
func TestDamagedDatabases(t *testing.T) {
	flows := append(everywhere()[:64], between("192.0.2.1", "198.51.100.1"), between("2001:db8:1::1", "203.0.113.1"))
	var refused, counted int
	for _, path := range damaged(t) {
		for _, opts := range [][]geo.Option{nil, {geo.Verify()}} {
			stats, err := pipelinetest.RunError(t, pipeline.From(pipelinetest.Flows(flows...)).Through(geo.Lookup(path, opts...)).To(sink.Discard()))
			switch {
			case err != nil:
				require.ErrorContains(t, err, path)
				refused++
			case counter(stats, "damaged") > 0:
				counted++
			}
		}
	}
	require.Positive(t, refused)
	require.Positive(t, counted)
}

// everywhere is flows from and to addresses all over IPv4 and IPv6.
func everywhere() (flows []flow.Flow) {
	for i := range 1 << 12 {
		var fl flow.Flow
		fl.SetSrcAddr(flow.AddrFrom4([4]byte{byte(i >> 4), byte(i << 4), 0, 1}))
		fl.SetDstAddr(flow.Addr{byte(i >> 4), byte(i << 4), 15: 1})
		flows = append(flows, fl)
	}
	return flows
}

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, func() pipeline.Transform { return geo.Lookup(cities, geo.Also(systems)) })
}

func FuzzDatabase(f *testing.F) {
	for _, path := range append(damaged(f), countries, cities, systems) {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	path := filepath.Join(f.TempDir(), "db.mmdb")
	flows := everywhere()[:64]
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		p, err := pipeline.From(pipelinetest.Flows(flows...)).Through(geo.Lookup(path)).To(sink.Discard()).Build()
		require.NoError(t, err)
		if err := p.Run(t.Context()); err != nil {
			require.NotErrorIs(t, err, pipeline.ErrPanic)
		}
	})
}
