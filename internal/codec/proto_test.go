package codec_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	flowpb "github.com/netsampler/goflow2/v2/pb"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

func encodeProto(b *flow.Batch) []byte {
	e := codec.NewProtoEncoder()
	e.Begin(b)
	flows, _ := b.Raw()
	return e.AppendFlow(nil, &flows[0])
}

func decodeProto(t testing.TB, msg []byte) (map[string]any, *codec.ProtoDecoder) {
	b := codectest.Empty(1, nil)
	d := codec.NewProtoDecoder(b.Symbols().Quota(100))
	fl := b.Next()
	require.NoError(t, d.Decode(msg, b, fl))
	_, stray := fl.Unmarked()
	require.False(t, stray)
	return codectest.Dump(b, fl), d
}

func TestProtoRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		b := codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) {
			share := 1 + r.IntN(10)
			codectest.Fill(r, b, fl, func(*flow.FieldInfo) bool { return i%10 == 0 || r.IntN(share) == 0 })
		})
		flows, _ := b.Raw()
		got, d := decodeProto(t, encodeProto(b))
		require.Equal(t, codectest.Dump(b, &flows[0]), got)
		require.Zero(t, d.Unknown())
	}
}

// goflow2 tells what proto.Unmarshal finds in a message, in the form of Dump.
func goflow2(m *flowpb.FlowMessage) map[string]any {
	got := map[string]any{}
	m.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		f, _ := flow.FieldByName(string(fd.Name()))
		got[f.String()] = goflow2Value(f, fd, v)
		return true
	})
	return got
}

func goflow2Value(f flow.Field, fd protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch kind := f.Info().Kind; {
	case kind == flow.KindU32s:
		list := []uint32{}
		for i := range v.List().Len() {
			if fd.Kind() == protoreflect.EnumKind {
				list = append(list, uint32(v.List().Get(i).Enum()))
			} else {
				list = append(list, uint32(v.List().Get(i).Uint()))
			}
		}
		return fmt.Sprint(list)
	case kind == flow.KindAddrs:
		list := []flow.Addr{}
		for i := range v.List().Len() {
			a, _ := flow.AddrFromSlice(v.List().Get(i).Bytes())
			list = append(list, a)
		}
		return fmt.Sprint(list)
	case kind == flow.KindAddr:
		a, _ := flow.AddrFromSlice(v.Bytes())
		return a
	case fd.Kind() == protoreflect.EnumKind:
		return uint64(v.Enum())
	}
	return v.Uint()
}

func isGoflow2(info *flow.FieldInfo) bool {
	return (&flowpb.FlowMessage{}).ProtoReflect().Descriptor().Fields().ByNumber(protowire.Number(info.Proto)) != nil
}

func TestProtoAgreesWithGoflow2(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	fields := 0
	for i := range 300 {
		b := codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) {
			share := 1 + r.IntN(4)
			codectest.Fill(r, b, fl, func(info *flow.FieldInfo) bool { return isGoflow2(info) && (i == 0 || r.IntN(share) == 0) })
		})
		flows, _ := b.Raw()
		ours := codectest.Dump(b, &flows[0])
		fields = max(fields, len(ours))
		for name, v := range ours { // proto3 has no 0
			f, _ := flow.FieldByName(name)
			if v == uint64(0) || v == "[]" && f.Info().Kind == flow.KindU32s {
				delete(ours, name)
			}
		}

		var m flowpb.FlowMessage
		require.NoError(t, proto.Unmarshal(encodeProto(b), &m))
		require.Empty(t, m.ProtoReflect().GetUnknown())
		require.Equal(t, ours, goflow2(&m))

		wire, err := proto.Marshal(&m)
		require.NoError(t, err)
		got, d := decodeProto(t, wire)
		require.Equal(t, ours, got)
		require.Zero(t, d.Unknown())
	}
	require.Equal(t, (&flowpb.FlowMessage{}).ProtoReflect().Descriptor().Fields().Len(), fields, "every field of goflow2's message has a row")
}

func TestProtoDecodeAccepts(t *testing.T) {
	field := func(num protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), v)
	}
	data := func(num protowire.Number, v string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, num, protowire.BytesType), v)
	}
	cat := func(parts ...[]byte) (out []byte) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		msg     []byte
		want    map[string]any
		unknown uint64
	}{
		{"unpacked", cat(field(102, 1), field(101, 9), field(102, 2)), map[string]any{"as_path": "[1 2]", "bgp_communities": "[9]"}, 0},
		{"packed and not", cat(data(102, "\x01\x02"), field(102, 3), data(102, "\x04")), map[string]any{"as_path": "[1 2 3 4]"}, 0},
		{"pieces in between", cat(data(102, "\x01"), data(82, "\xc0\x00\x02\x01"), field(101, 9), data(102, "\x02"), field(81, 16), data(82, "\xc0\x00\x02\x02"), field(102, 3), data(101, "\x08")),
			map[string]any{"as_path": "[1 2 3]", "bgp_communities": "[9 8]", "mpls_label": "[16]", "mpls_ip": "[192.0.2.1 192.0.2.2]"}, 0},
		{"empty list", data(102, ""), map[string]any{"as_path": "[]"}, 0},
		{"list wins over fixed places", cat(field(56, 100), field(81, 16), data(65, "\xc0\x00\x02\x01"), data(82, "\xc0\x00\x02\x02")), map[string]any{"mpls_label": "[16]", "mpls_ip": "[192.0.2.2]"}, 0},
		{"flowpipeline", cat(field(2, 5), field(2538, 6), field(64, 7001), field(2539, 9), data(2014, "DE"), field(53, 1), field(56, 100), field(55, 64), data(65, "\xc0\x00\x02\x01"), data(2003, "eth0"), field(2174, 3)),
			map[string]any{"time_received_ns": uint64(5e9), "time_flow_start_ns": uint64(6e9), "time_flow_end_ns": uint64(7001e6), "ingress_vrf_id": uint64(9), "src_country": "DE",
				"mpls_label": "[100]", "mpls_ttl": "[64]", "mpls_ip": "[192.0.2.1]", "in_if_name": "eth0", "validation_status": uint64(3)}, 0},
		{"ns wins", cat(field(112, 1), field(5, 9), field(64, 8)), map[string]any{"time_flow_end_ns": uint64(1)}, 0},
		{"unknown", cat(field(9999, 1), data(9998, "x"), protowire.AppendFixed32(protowire.AppendTag(nil, 9997, protowire.Fixed32Type), 1), protowire.AppendFixed64(protowire.AppendTag(nil, 500, protowire.Fixed64Type), 1), field(21, 80)),
			map[string]any{"src_port": uint64(80)}, 4},
		{"nobody told", cat(field(3, 0), data(6, "")), map[string]any{}, 0},
		{"nothing", nil, map[string]any{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, d := decodeProto(t, tt.msg)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.unknown, d.Unknown())
		})
	}
}

func TestProtoDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		msg    string
		offset int
		field  string
		is     error
	}{
		{"no value", "\x08", 1, "", codec.ErrTruncated},
		{"half a number", "\x08\x80", 1, "", codec.ErrTruncated},
		{"number of 70 bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1, "", codec.ErrSyntax},
		{"field 0", "\x00\x01", 0, "", codec.ErrSyntax},
		{"short bytes", "\x08\x01\x32\x04\x01", 2, "src_addr", codec.ErrTruncated},
		{"address of 5 bytes", "\x32\x05\x01\x02\x03\x04\x05", 0, "src_addr", codec.ErrValue},
		{"port 70000", "\xa8\x01\xf0\xa2\x04", 0, "src_port", codec.ErrRange},
		{"port as bytes", "\xaa\x01\x01\x01", 0, "src_port", codec.ErrWireType},
		{"address as number", "\x30\x01", 0, "src_addr", codec.ErrWireType},
		{"port as fixed", "\xad\x01\x01\x00\x00\x00", 0, "src_port", codec.ErrWireType},
		{"short fixed", "\x8d\xf1\x04\x00", 0, "", codec.ErrTruncated},
		{"group", "\x0b", 0, "", codec.ErrSyntax},
		{"list element too great", "\xb2\x06\x05\xff\xff\xff\xff\x7f", 0, "as_path", codec.ErrRange},
		{"country", "\xc2\x3e\x03DEU", 0, "src_country", codec.ErrValue},
		{"list too long", strings.Repeat("\xb0\x06\x01", 4097), 3 * 4096, "as_path", codec.ErrTooLong},
		{"packed list too long", "\xb0\x06\x01\xb2\x06\x80\x20" + strings.Repeat("\x01", 4096), 3, "as_path", codec.ErrTooLong},
		{"addresses too many", strings.Repeat("\x92\x05\x04\xc0\x00\x02\x01", 4097), 7 * 4096, "mpls_ip", codec.ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := codectest.Empty(1, nil)
			err := codec.NewProtoDecoder(b.Symbols().Quota(1)).Decode([]byte(tt.msg), b, b.Next())
			var e *codec.Error
			require.True(t, errors.As(err, &e), "%v", err)
			require.Equal(t, tt.offset, e.Offset, err)
			require.Equal(t, tt.field, e.Field, err)
			require.ErrorIs(t, err, tt.is)
		})
	}
}

// TestProtoListInPieces reads lists of the greatest length, an element at a time
// and in turns: they must be put together once, not once for each piece.
func TestProtoListInPieces(t *testing.T) {
	msg := []byte(strings.Repeat("\x88\x05\x01\x82\x05\x01\x02\x92\x05\x04\xc0\x00\x02\x01", 4096))
	b := codectest.Empty(1, nil)
	d := codec.NewProtoDecoder(b.Symbols().Quota(1))
	fl := b.Next()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, d.Decode(msg, b, fl))
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
	for _, f := range []flow.Field{flow.FieldMPLSLabels, flow.FieldMPLSTTLs} {
		list, _ := b.U32s(fl, f)
		require.Len(t, list, 4096)
	}
	addrs, _ := b.Addrs(fl, flow.FieldMPLSAddrs)
	require.Len(t, addrs, 4096)

	again := codectest.Empty(2, nil)
	require.Error(t, d.Decode([]byte("\xb0\x06\x01\x08"), again, again.Next()))
	fl = again.Next()
	require.NoError(t, d.Decode([]byte("\xb0\x06\x02"), again, fl))
	require.Equal(t, map[string]any{"as_path": "[2]"}, codectest.Dump(again, fl), "what a message before it left shows")
}

func TestFrame(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 300, 1 << 14, 1 << 15} {
		note := make([]byte, size)
		b := codectest.Batch(2, func(b *flow.Batch, fl *flow.Flow) { b.SetNote(fl, string(note)) })
		stream := codec.NewProtoEncoder().AppendBatch(nil, b)
		want := encodeProto(b)
		for range 2 {
			for _, cut := range []int{0, 1, len(want)} {
				_, n, _, err := codec.Frame(stream[:cut])
				require.NoError(t, err)
				require.Zero(t, n)
			}
			msg, n, _, err := codec.Frame(stream)
			require.NoError(t, err)
			require.Equal(t, want, msg)
			stream = stream[n:]
		}
		require.Empty(t, stream)
	}
	_, _, _, err := codec.Frame(protowire.AppendVarint(nil, codec.MaxMessage+1))
	require.ErrorIs(t, err, codec.ErrTooLong)
	_, _, _, err = codec.Frame([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	require.ErrorIs(t, err, codec.ErrSyntax)
}

func TestProtoAllocates0(t *testing.T) {
	for name, fill := range fills() {
		t.Run(name, func(t *testing.T) {
			b := codectest.Batch(1, fill)
			e := codec.NewProtoEncoder()
			buf := e.AppendBatch(nil, b)
			require.Zero(t, testing.AllocsPerRun(100, func() { buf = e.AppendBatch(buf[:0], b) }))

			msg, _, _, err := codec.Frame(buf)
			require.NoError(t, err)
			o := flow.NewOwner(flow.OwnerConfig{Size: 1})
			in := o.Begin(0, time.Time{})
			d := codec.NewProtoDecoder(in.Symbols().Quota(100))
			o.Finish(nil)
			run := func() {
				in := o.Begin(0, time.Time{})
				if err := d.Decode(msg, in, in.Next()); err != nil {
					t.Error(err)
				}
				o.Finish(nil)
			}
			run()
			require.Zero(t, testing.AllocsPerRun(100, run))
		})
	}
}

func FuzzProtoDecode(f *testing.F) {
	for _, fill := range fills() {
		f.Add(encodeProto(codectest.Batch(1, fill)))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		b := codectest.Empty(1, nil)
		d := codec.NewProtoDecoder(b.Symbols().Quota(10))
		fl := b.Next()
		if err := d.Decode(msg, b, fl); err != nil {
			var e *codec.Error
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Offset, len(msg))
			return
		}
		out := encodeProto(b)
		back := codectest.Empty(1, nil)
		require.NoError(t, codec.NewProtoDecoder(back.Symbols().Quota(10)).Decode(out, back, back.Next()))
		require.Equal(t, out, encodeProto(back))
	})
}
