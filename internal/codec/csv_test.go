package codec_test

import (
	"encoding/csv"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

func TestCSV(t *testing.T) {
	b := codectest.Batch(2, func(b *flow.Batch, fl *flow.Flow) {
		fl.SetType(flow.TypeSFlow5)
		fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
		fl.SetSrcMAC(flow.MAC{5: 1})
		fl.SetTimeEnd(-5)
		fl.SetDstCountry(flow.Country{'D', 'E'})
		fl.SetInIfName(b.Symbols().Intern(`a,"b"`))
		b.SetNote(fl, "two\nlines")
		b.SetASPath(fl, []uint32{1, 2})
		b.SetMPLSAddrs(fl, []flow.Addr{{}, flow.MustParseAddr("::1")})
	})
	e := codec.NewCSVEncoder("type", "src_addr", "dst_addr", "src_mac", "time_flow_end_ns", "dst_country", "in_if_name", "note", "as_path", "mpls_ip")
	require.NoError(t, e.Bind(nil))
	row := `SFLOW_5,192.0.2.1,,00:00:00:00:00:01,-5,DE,"a,""b""","two` + "\n" + `lines",1 2,:: ::1` + "\n"
	require.Equal(t, "type,src_addr,dst_addr,src_mac,time_flow_end_ns,dst_country,in_if_name,note,as_path,mpls_ip\n"+row+row, string(e.AppendBatch(e.AppendHeader(nil), b)))

	e = codec.NewCSVEncoder("src_addr", "nonsense", "rubbish")
	require.ErrorContains(t, e.Bind(nil), `no field "nonsense"`)
	e = codec.NewCSVEncoder("src_port")
	require.NoError(t, e.Bind(nil))
	require.Equal(t, "\"\"\n\"\"\n", string(e.AppendBatch(nil, b)))
}

func TestCSVCountryOfAnExtension(t *testing.T) {
	country := flow.Extension[flow.Country]("country")
	layout, err := flow.NewLayout(country)
	require.NoError(t, err)
	b := codectest.Empty(2, layout)
	country.Set(b, b.Next(), flow.Country{'D', 'E'})
	country.Set(b, b.Next(), flow.Country{}) // present, but empty
	e := codec.NewCSVEncoder("country", "src_port")
	require.NoError(t, e.Bind(layout))
	require.Equal(t, "DE,\n,\n", string(e.AppendBatch(nil, b)))
}

func TestCSVDefaultsToTheStruct(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	b := codectest.Batch(50, func(b *flow.Batch, fl *flow.Flow) {
		codectest.Fill(r, b, fl, func(*flow.FieldInfo) bool { return r.IntN(2) == 0 })
	})
	e := codec.NewCSVEncoder()
	require.NoError(t, e.Bind(nil))
	rows, err := csv.NewReader(strings.NewReader(string(e.AppendBatch(e.AppendHeader(nil), b)))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 51)
	flows, _ := b.Raw()
	for i, row := range rows[1:] {
		for k, name := range rows[0] {
			f, _ := flow.FieldByName(name)
			if !b.Has(&flows[i], f) {
				require.Empty(t, row[k])
			}
		}
	}
	buf := e.AppendBatch(nil, b)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = e.AppendBatch(buf[:0], b) }))
}
