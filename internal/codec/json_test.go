package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

func decodeJSON(t testing.TB, line string) (map[string]any, *codec.JSONDecoder) {
	b := codectest.Empty(1, nil)
	d := codec.NewJSONDecoder(b.Symbols().Quota(100), nil, false)
	fl := b.Next()
	require.NoError(t, d.Decode([]byte(line), b, fl), line)
	_, stray := fl.Unmarked()
	require.False(t, stray)
	return codectest.Dump(b, fl), d
}

func encodeJSON(b *flow.Batch, opts codec.JSONOptions) []byte {
	return codec.NewJSONEncoder(opts).AppendBatch(nil, b)
}

func TestJSONRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		b := codectest.Batch(3, func(b *flow.Batch, fl *flow.Flow) {
			share := 1 + r.IntN(10)
			codectest.Fill(r, b, fl, func(*flow.FieldInfo) bool { return i%10 == 0 || r.IntN(share) == 0 })
		})
		lines := encodeJSON(b, codec.JSONOptions{Quote64: i%2 == 0})
		back := codectest.Empty(3, nil)
		d := codec.NewJSONDecoder(back.Symbols().Quota(100), nil, false)
		flows, _ := b.Raw()
		for n, line := range bytes.SplitAfter(lines, []byte("\n"))[:3] {
			require.True(t, json.Valid(line), "%s", line)
			fl := back.Next()
			require.NoError(t, d.Decode(line, back, fl), "%s", line)
			require.Equal(t, codectest.Dump(b, &flows[n]), codectest.Dump(back, fl), "%s", line)
		}
		require.Zero(t, d.Unknown())
	}
}

func TestJSONOrderIsTheSchemas(t *testing.T) {
	b := codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) {
		codectest.Fill(rand.New(rand.NewPCG(1, 4)), b, fl, codectest.All)
	})
	dec := json.NewDecoder(bytes.NewReader(encodeJSON(b, codec.JSONOptions{})))
	var names []string
	tok, err := dec.Token()
	for ; err == nil; tok, err = dec.Token() {
		if name, ok := tok.(string); ok && dec.More() {
			names = append(names, name)
			var skip json.RawMessage
			require.NoError(t, dec.Decode(&skip))
		}
	}
	var want []string
	for _, f := range flow.Fields() {
		want = append(want, f.String())
	}
	require.Equal(t, want, names)
}

func TestJSONText(t *testing.T) {
	b := codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) {
		fl.SetType(flow.TypeIPFIX)
		fl.SetEtherType(flow.EtherTypeIPv6)
		fl.SetSrcAddr(flow.MustParseAddr("2001:db8::1"))
		fl.SetDstAddr(flow.Addr{})
		fl.SetSrcMAC(flow.MACFromUint64(0x0242ac110002))
		fl.SetBytes(1<<64 - 1)
		b.SetASPath(fl, []uint32{64500, 64501})
		b.SetNote(fl, "a\xffb\"\n\x7f")
	})
	require.Equal(t, `{"type":"IPFIX","bytes":18446744073709551615,"src_addr":"2001:db8::1","dst_addr":"::","etype":34525,"src_mac":"02:42:ac:11:00:02","as_path":[64500,64501],"note":"a�b\"\n\u007f"}`+"\n",
		string(encodeJSON(b, codec.JSONOptions{})))
	require.Contains(t, string(encodeJSON(b, codec.JSONOptions{Quote64: true})), `"bytes":"18446744073709551615"`)
	empty := codectest.Batch(1, func(*flow.Batch, *flow.Flow) {})
	require.Equal(t, "{}\n", string(encodeJSON(empty, codec.JSONOptions{})))
	odd := codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) { fl.SetType(200) })
	require.Equal(t, "{\"type\":200}\n", string(encodeJSON(odd, codec.JSONOptions{})))
}

func TestJSONDecodeAccepts(t *testing.T) {
	addr := func(s string) flow.Addr { return flow.MustParseAddr(s) }
	for _, tt := range []struct {
		name, line string
		want       map[string]any
	}{
		{"goflow2", `{"type":"SFLOW_5","time_received_ns":1681583295157626000,"sequence_num":2999,"sampling_rate":100,"sampler_address":"192.168.0.1","etype":"IPv6","proto":"IPv6-ICMP","src_net":"2001:db8::/32","dst_net":"invalid Prefix","next_hop":"","src_mac":"00:00:5e:00:53:01","as_path":[1,2],"layer_stack":["Ethernet","IPv6"],"mpls_ip":["192.0.2.1"],"icmp_name":"unknown"}`,
			map[string]any{"type": uint64(1), "time_received_ns": uint64(1681583295157626000), "sequence_num": uint64(2999), "sampling_rate": uint64(100), "sampler_address": addr("192.168.0.1"),
				"etype": uint64(0x86dd), "proto": uint64(58), "src_net": uint64(32), "src_mac": uint64(0x00005e005301), "as_path": "[1 2]", "layer_stack": "[0 2]", "mpls_ip": "[192.0.2.1]"}},
		{"protojson", `{"type":"NETFLOW_V9","timeReceivedNs":"1681583295157626000","samplerAddress":"wKgAAQ==","srcAddr":"IAENuAAAAAAAAAAAAAAAAQ","srcMac":"1108152157446","Cid":7,"SrcIfName":"et-0/0/0","ValidationStatus":"Invalid","RemoteAddr":"Src","Normalized":"Yes","SrcAddrAnon":"NotAnonymized","DstAddrAnon":"SubnetAndCryptoPAN"}`,
			map[string]any{"type": uint64(3), "time_received_ns": uint64(1681583295157626000), "sampler_address": addr("192.168.0.1"), "src_addr": addr("2001:db8::1"), "src_mac": uint64(0x010203040506),
				"cid": uint64(7), "in_if_name": "et-0/0/0", "validation_status": uint64(3), "remote_addr": uint64(1), "normalized": uint64(1), "src_addr_anon": uint64(0), "dst_addr_anon": uint64(3)}},
		{"URL base64", `{"srcAddr":"-_-_-w=="}`, map[string]any{"src_addr": addr("251.255.191.251")}},
		{"seconds", `{"timeReceived":"5","TimeFlowStart":6,"time_flow_end":7}`, map[string]any{"time_received_ns": uint64(5e9), "time_flow_start_ns": uint64(6e9), "time_flow_end_ns": uint64(7e9)}},
		{"ns before s", `{"time_flow_end_ns":1,"time_flow_end":7}`, map[string]any{"time_flow_end_ns": uint64(1)}},
		{"s before ns", `{"time_flow_end":7,"time_flow_end_ns":1}`, map[string]any{"time_flow_end_ns": uint64(1)}},
		{"ms before s", `{"time_flow_end":7,"timeFlowEndMs":7001}`, map[string]any{"time_flow_end_ns": uint64(7001e6)}},
		{"folded", `{"IngressVrfIDBW":9,"SrcCountryBW":"de","has_mpls":true,"mplsCount":4,"mpls_1_label":100,"mpls_1_ttl":64,"mpls_2_label":200,"mpls_3_label":300,"mpls_last_label":400,"mpls_last_ttl":61,"mpls_label_ip":"wAACAQ=="}`,
			map[string]any{"ingress_vrf_id": uint64(9), "src_country": "DE", "mpls_label": "[100 200 300 400]", "mpls_ttl": "[64 0 0 61]", "mpls_ip": "[192.0.2.1]"}},
		{"last label again", `{"mpls_1_label":100,"mpls_last_label":100}`, map[string]any{"mpls_label": "[100]"}},
		{"last wins", `{"src_port":1,"srcPort":2,"SrcPort":3}`, map[string]any{"src_port": uint64(3)}},
		{"last wins when it is none", `{"src_addr":"192.0.2.1","src_addr":"","src_mac":"00:00:5e:00:53:01","src_mac":"","proto":6,"proto":"unknown","src_net":24,"src_net":"invalid Prefix","sampling_rate":5,"sampling_rate":0,"mpls_label_ip":"192.0.2.1","mpls_label_ip":"","time_received_ns":1,"time_received_ns":"0001-01-01T00:00:00Z"}`, map[string]any{}},
		{"null", `{"src_port":1,"src_port":null,"time_received":null}`, map[string]any{}},
		{"nobody told", `{"sampling_rate":0,"src_addr":"","src_mac":"","proto":"unknown"}`, map[string]any{}},
		{"zero", `{"src_as":0}`, map[string]any{"src_as": uint64(0)}},
		{"whole numbers", `{"src_port":8e1,"dst_port":80.0,"bytes":1E3,"packets":"12"}`, map[string]any{"src_port": uint64(80), "dst_port": uint64(80), "bytes": uint64(1000), "packets": uint64(12)}},
		{"date", `{"time_received_ns":"2023-11-14T22:13:20.5Z"}`, map[string]any{"time_received_ns": uint64(1700000000500000000)}},
		{"first and last date", `{"time_flow_start_ns":"1677-09-21T00:12:43.145224192Z","time_flow_end_ns":"2262-04-11T23:47:16.854775807Z"}`, map[string]any{"time_flow_start_ns": uint64(1 << 63), "time_flow_end_ns": uint64(1<<63 - 1)}},
		{"before the epoch", `{"time_received_ns":-1}`, map[string]any{"time_received_ns": uint64(1<<64 - 1)}},
		{"booleans", `{"normalized":true}`, map[string]any{"normalized": uint64(1)}},
		{"escapes", `{"\u0073rc_port":1,"note":"\ud83d\ude00\u00e9\n\/\ud800x"}`, map[string]any{"src_port": uint64(1), "note": "😀é\n/\ufffdx"}},
		{"white space", " \t{ \"src_port\" : 1 , \"as_path\" : [ 1 , 2 ] } \r\n", map[string]any{"src_port": uint64(1), "as_path": "[1 2]"}},
		{"nothing", `{}`, map[string]any{}},
		{"skipped", `{"a":{"b":[1,{"c":null},"}"]},"d":-1.5e3,"src_port":1}`, map[string]any{"src_port": uint64(1)}},
		{"layers by number", `{"layer_stack":[0,"2","99"],"as_path":[]}`, map[string]any{"layer_stack": "[0 2 99]", "as_path": "[]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := decodeJSON(t, tt.line)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestJSONDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		line   string
		offset int
		field  string
		is     error
	}{
		{``, 0, "", codec.ErrTruncated},
		{`x`, 0, "", codec.ErrSyntax},
		{`[1]`, 0, "", codec.ErrSyntax},
		{`{"src_port":1`, 13, "", codec.ErrTruncated},
		{`{"src_port":1} x`, 15, "", codec.ErrSyntax},
		{`{"src_port":1,}`, 14, "", codec.ErrSyntax},
		{`{src_port:1}`, 1, "", codec.ErrSyntax},
		{`{"src_port" 1}`, 12, "", codec.ErrSyntax},
		{`{"src_port":70000}`, 12, "src_port", codec.ErrRange},
		{`{"src_port":-1}`, 12, "src_port", codec.ErrRange},
		{`{"src_port":1.5}`, 12, "src_port", codec.ErrRange},
		{`{"src_port":01}`, 13, "", codec.ErrSyntax},
		{`{"bytes":18446744073709551616}`, 9, "bytes", codec.ErrRange},
		{`{"bytes":1e999999999}`, 9, "bytes", codec.ErrRange},
		{`{"time_received_ns":9223372036854775808}`, 20, "time_received_ns", codec.ErrRange},
		{`{"time_received":9223372037}`, 17, "time_received", codec.ErrRange},
		{`{"time_received_ns":"9999-12-31T23:59:59Z"}`, 20, "time_received_ns", codec.ErrRange},
		{`{"time_received_ns":"2262-04-11T23:47:16.854775808Z"}`, 20, "time_received_ns", codec.ErrRange},
		{`{"time_received_ns":"0001-01-01T00:00:01Z"}`, 20, "time_received_ns", codec.ErrRange},
		{`{"proto":"NotAnonymized"}`, 9, "proto", codec.ErrValue},
		{`{"as_path":["NotAnonymized"]}`, 12, "as_path", codec.ErrValue},
		{`{"as_path":[` + strings.Repeat("1,", 4096) + `1]}`, 12 + 2*4096, "as_path", codec.ErrTooLong},
		{`{"src_port":"http"}`, 12, "src_port", codec.ErrValue},
		{`{"src_addr":"1.2.3.400"}`, 12, "src_addr", codec.ErrValue},
		{`{"src_addr":"fe80::1%eth0"}`, 12, "src_addr", codec.ErrValue},
		{`{"src_addr":7}`, 12, "src_addr", codec.ErrValue},
		{`{"src_mac":"00:00:5e"}`, 11, "src_mac", codec.ErrValue},
		{`{"src_country":"DEU"}`, 15, "src_country", codec.ErrValue},
		{`{"as_path":[1,-2]}`, 14, "as_path", codec.ErrValue},
		{`{"as_path":[4294967296]}`, 12, "as_path", codec.ErrRange},
		{`{"as_path":7}`, 11, "as_path", codec.ErrValue},
		{`{"src_port":{}}`, 12, "src_port", codec.ErrValue},
		{`{"src_port":true}`, 12, "src_port", codec.ErrValue},
		{`{"note":"a`, 10, "note", codec.ErrTruncated},
		{"{\"note\":\"a\x01\"}", 10, "note", codec.ErrSyntax},
		{`{"note":"\q"}`, 10, "note", codec.ErrSyntax},
		{`{"x":` + strings.Repeat("[", 100) + `}`, 5 + 63, "x", codec.ErrDepth},
		{`{"x":tru}`, 5, "x", codec.ErrSyntax},
		{`{"type":"NETFLOW_V10"}`, 8, "type", codec.ErrValue},
	} {
		t.Run(tt.line[:min(len(tt.line), 60)], func(t *testing.T) {
			b := codectest.Empty(1, nil)
			err := codec.NewJSONDecoder(b.Symbols().Quota(1), nil, false).Decode([]byte(tt.line), b, b.Next())
			var e *codec.Error
			require.True(t, errors.As(err, &e), "%v", err)
			require.Equal(t, tt.offset, e.Offset, err)
			require.Equal(t, tt.field, e.Field, err)
			require.ErrorIs(t, err, tt.is)
		})
	}
}

func TestJSONUnknown(t *testing.T) {
	_, d := decodeJSON(t, `{"a":1,"src_port":2,"b":{"c":[]}}`)
	require.EqualValues(t, 2, d.Unknown())

	app := flow.Extension[uint32]("app_hash")
	name := flow.Extension[flow.Symbol]("app_label")
	layout, err := flow.NewLayout(codec.Unknown, app, name)
	require.NoError(t, err)
	b := codectest.Empty(2, layout)
	d = codec.NewJSONDecoder(b.Symbols().Quota(100), layout, true)
	require.NoError(t, d.Decode([]byte(`{"a":1,"src_port":2,"app_hash":5,"app_label":"x", "b" : {"c": "\u0041"}}`), b, b.Next()))
	require.NoError(t, d.Decode([]byte(`{"src_port":3}`), b, b.Next()))
	require.Equal(t, `{"src_port":2,"a":1,"b" : {"c": "\u0041"},"app_hash":5,"app_label":"x"}`+"\n"+`{"src_port":3}`+"\n", string(encodeJSON(b, codec.JSONOptions{})))
}

// TestJSONUnknownIsChecked keeps members that look like what is kept, and bytes
// that are no UTF-8: neither may reach the output as it is.
func TestJSONUnknownIsChecked(t *testing.T) {
	layout, err := flow.NewLayout(codec.Unknown)
	require.NoError(t, err)
	line := []byte(`{"unknown_json":"\"src_port\":1}\n{\"a\":1","dst_port":2,"b` + "\xff\":\"\xff\xfeé\"}")
	for keep, want := range map[bool]string{
		false: `{"dst_port":2}` + "\n",
		true:  `{"dst_port":2,"unknown_json":"\"src_port\":1}\n{\"a\":1","b` + "\ufffd\":\"\ufffd\ufffdé\"}\n",
	} {
		b := codectest.Empty(1, layout)
		d := codec.NewJSONDecoder(b.Symbols().Quota(1), layout, keep)
		require.NoError(t, d.Decode(line, b, b.Next()))
		require.Equal(t, want, string(encodeJSON(b, codec.JSONOptions{})))
		require.EqualValues(t, 2, d.Unknown())
	}

	other := flow.Extension[flow.Text]("unknown_json")
	layout, err = flow.NewLayout(other)
	require.NoError(t, err)
	b := codectest.Empty(1, layout)
	other.Set(b, b.Next(), b.AppendText(`"a":1`))
	require.Equal(t, `{"unknown_json":"\"a\":1"}`+"\n", string(encodeJSON(b, codec.JSONOptions{})), "another of that name is a text")
}

func TestJSONSymbolsAreBounded(t *testing.T) {
	b := codectest.Empty(3, nil)
	d := codec.NewJSONDecoder(b.Symbols().Quota(1), nil, false)
	for _, name := range []string{"a", "b", "a"} {
		require.NoError(t, d.Decode([]byte(`{"in_if_name":"`+name+`"}`), b, b.Next()))
	}
	flows, _ := b.Raw()
	require.False(t, flows[1].Has(flow.FieldInIfName))
	require.Equal(t, flows[0], flows[2])
	require.EqualValues(t, 1, d.Refused())
}

func TestJSONAllocates0(t *testing.T) {
	for name, fill := range fills() {
		t.Run(name, func(t *testing.T) {
			b := codectest.Batch(1, fill)
			e := codec.NewJSONEncoder(codec.JSONOptions{})
			buf := e.AppendBatch(nil, b)
			require.Zero(t, testing.AllocsPerRun(100, func() { buf = e.AppendBatch(buf[:0], b) }))

			o := flow.NewOwner(flow.OwnerConfig{Size: 1})
			in := o.Begin(0, time.Time{})
			d := codec.NewJSONDecoder(in.Symbols().Quota(100), nil, false)
			o.Finish(nil)
			run := func() {
				in := o.Begin(0, time.Time{})
				if err := d.Decode(buf, in, in.Next()); err != nil {
					t.Error(err)
				}
				o.Finish(nil)
			}
			run()
			require.Zero(t, testing.AllocsPerRun(100, run))
		})
	}
}

func fills() map[string]func(*flow.Batch, *flow.Flow) {
	return map[string]func(*flow.Batch, *flow.Flow){
		"usual": codectest.Usual,
		"all": func(b *flow.Batch, fl *flow.Flow) {
			codectest.Fill(rand.New(rand.NewPCG(1, 2)), b, fl, codectest.All)
			for _, f := range flow.Fields() {
				if f.Info().Kind == flow.KindTime { // those before 1970 need memory to decode
					v, _ := b.Uint(fl, f)
					b.SetUint(fl, f, v&math.MaxInt64)
				}
			}
		},
	}
}

func FuzzJSONDecode(f *testing.F) {
	for _, fill := range fills() {
		f.Add(encodeJSON(codectest.Batch(1, fill), codec.JSONOptions{}))
	}
	f.Add([]byte(`{"srcAddr":"wKgAAQ==","as_path":[1],"x":[{}],"time_flow_end":7,"mpls_1_label":1}`))
	f.Add([]byte(`{"unknown_json":"\"a\":1}\n{","b":"` + "\xff\"}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		layout, err := flow.NewLayout(codec.Unknown)
		require.NoError(t, err)
		b := codectest.Empty(1, layout)
		d := codec.NewJSONDecoder(b.Symbols().Quota(10), layout, true)
		fl := b.Next()
		if err := d.Decode(line, b, fl); err != nil {
			var e *codec.Error
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Offset, len(line))
			return
		}
		require.True(t, json.Valid(line), "accepted %q", line)
		out := encodeJSON(b, codec.JSONOptions{})
		require.True(t, json.Valid(out) && utf8.Valid(out), "wrote %q", out)
		if !bytes.Contains(line, []byte("\n")) {
			require.Equal(t, 1, bytes.Count(out, []byte("\n")), "wrote %q", out)
		}
		back := codectest.Empty(1, layout)
		d2 := codec.NewJSONDecoder(back.Symbols().Quota(10), layout, true)
		again := back.Next()
		require.NoError(t, d2.Decode(out, back, again))
		require.Equal(t, string(out), string(encodeJSON(back, codec.JSONOptions{})))
	})
}
