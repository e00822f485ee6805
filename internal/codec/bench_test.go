package codec_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	flowpb "github.com/netsampler/goflow2/v2/pb"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

const benchFlows = 512

func report(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchFlows, "ns/flow")
}

// goflow2Usual is the usual flow as goflow2's message.
func goflow2Usual(b *testing.B) (*flowpb.FlowMessage, []byte) {
	var m flowpb.FlowMessage
	wire := encodeProto(codectest.Batch(1, codectest.Usual))
	require.NoError(b, proto.Unmarshal(wire, &m))
	return &m, wire
}

// varied is the usual flow with values that differ from flow to flow, as do the
// lengths of their texts.
func varied() func(*flow.Batch, *flow.Flow) {
	r := rand.New(rand.NewPCG(1, 1))
	return func(b *flow.Batch, fl *flow.Flow) {
		codectest.Usual(b, fl)
		fl.SetSrcAddr(flow.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}))
		fl.SetDstAddr(flow.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}))
		fl.SetSrcPort(uint16(r.Uint32() >> r.IntN(16)))
		fl.SetDstPort(uint16(r.Uint32() >> r.IntN(16)))
		fl.SetBytes(uint64(r.Uint32() >> r.IntN(32)))
		fl.SetPackets(uint64(r.Uint32() >> (16 + r.IntN(16))))
		fl.SetTimeStart(fl.TimeEnd - int64(r.Uint64N(60e9)))
		fl.SetSrcAS(r.Uint32() >> r.IntN(32))
		fl.SetDstAS(r.Uint32() >> r.IntN(32))
	}
}

// BenchmarkJSONEncode writes lines of 25 fields. The floor copies finished ones.
func BenchmarkJSONEncode(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		line := encodeJSON(codectest.Batch(1, codectest.Usual), codec.JSONOptions{})
		buf := make([]byte, 0, benchFlows*len(line))
		for b.Loop() {
			buf = buf[:0]
			for range benchFlows {
				buf = append(buf, line...)
			}
		}
		report(b)
	})
	for name, fill := range map[string]func(*flow.Batch, *flow.Flow){"this": codectest.Usual, "this_varied": varied()} {
		b.Run(name, func(b *testing.B) {
			in := codectest.Batch(benchFlows, fill)
			e := codec.NewJSONEncoder(codec.JSONOptions{})
			buf := e.AppendBatch(nil, in)
			b.ReportAllocs()
			for b.Loop() {
				buf = e.AppendBatch(buf[:0], in)
			}
			report(b)
		})
	}
	b.Run("encoding_json_of_goflow2", func(b *testing.B) {
		m, _ := goflow2Usual(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("protojson_of_goflow2", func(b *testing.B) {
		m, _ := goflow2Usual(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := protojson.Marshal(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkJSONDecode(b *testing.B) {
	b.Run("this", func(b *testing.B) {
		line := encodeJSON(codectest.Batch(1, codectest.Usual), codec.JSONOptions{})
		o := flow.NewOwner(flow.OwnerConfig{Size: benchFlows})
		var d *codec.JSONDecoder
		b.ReportAllocs()
		for b.Loop() {
			in := o.Begin(0, time.Time{})
			if d == nil {
				d = codec.NewJSONDecoder(in.Symbols().Quota(100), nil, false)
			}
			for range benchFlows {
				if err := d.Decode(line, in, in.Next()); err != nil {
					b.Fatal(err)
				}
			}
			o.Finish(nil)
		}
		report(b)
	})
	b.Run("this_alternating", func(b *testing.B) {
		lines := [2][]byte{encodeJSON(codectest.Batch(1, codectest.Usual), codec.JSONOptions{}), encodeJSON(codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) {
			codectest.Usual(b, fl)
			for _, f := range []flow.Field{flow.FieldSrcPort, flow.FieldDstPort, flow.FieldTCPFlags, flow.FieldSrcAS, flow.FieldNextHop} {
				fl.Clear(f)
			}
			fl.SetICMPType(8)
			fl.SetICMPCode(0)
			fl.SetSrcAddr(flow.MustParseAddr("2001:db8:1:2::3"))
			fl.SetDstAddr(flow.MustParseAddr("2001:db8:ffff:2::3"))
		}), codec.JSONOptions{})}
		o := flow.NewOwner(flow.OwnerConfig{Size: benchFlows})
		var d *codec.JSONDecoder
		b.ReportAllocs()
		for b.Loop() {
			in := o.Begin(0, time.Time{})
			if d == nil {
				d = codec.NewJSONDecoder(in.Symbols().Quota(100), nil, false)
			}
			for i := range benchFlows {
				if err := d.Decode(lines[i&1], in, in.Next()); err != nil {
					b.Fatal(err)
				}
			}
			o.Finish(nil)
		}
		report(b)
	})
	b.Run("protojson_of_goflow2", func(b *testing.B) {
		m, _ := goflow2Usual(b)
		line, err := protojson.Marshal(m)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			var m flowpb.FlowMessage
			if err := protojson.Unmarshal(line, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCSVEncode(b *testing.B) {
	in := codectest.Batch(benchFlows, codectest.Usual)
	e := codec.NewCSVEncoder()
	require.NoError(b, e.Bind(nil))
	buf := e.AppendBatch(nil, in)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendBatch(buf[:0], in)
	}
	report(b)
}

func BenchmarkProtoEncode(b *testing.B) {
	b.Run("this", func(b *testing.B) {
		in := codectest.Batch(benchFlows, codectest.Usual)
		e := codec.NewProtoEncoder()
		buf := e.AppendBatch(nil, in)
		b.ReportAllocs()
		for b.Loop() {
			buf = e.AppendBatch(buf[:0], in)
		}
		report(b)
	})
	b.Run("proto_Marshal_of_goflow2", func(b *testing.B) {
		m, _ := goflow2Usual(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := proto.Marshal(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkProtoDecode(b *testing.B) {
	b.Run("this", func(b *testing.B) {
		_, wire := goflow2Usual(b)
		o := flow.NewOwner(flow.OwnerConfig{Size: benchFlows})
		var d *codec.ProtoDecoder
		b.ReportAllocs()
		for b.Loop() {
			in := o.Begin(0, time.Time{})
			if d == nil {
				d = codec.NewProtoDecoder(in.Symbols().Quota(100))
			}
			for range benchFlows {
				if err := d.Decode(wire, in, in.Next()); err != nil {
					b.Fatal(err)
				}
			}
			o.Finish(nil)
		}
		report(b)
	})
	b.Run("proto_Unmarshal_of_goflow2", func(b *testing.B) {
		_, wire := goflow2Usual(b)
		b.ReportAllocs()
		for b.Loop() {
			var m flowpb.FlowMessage
			if err := proto.Unmarshal(wire, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
