package codec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
)

// slowJSON is a JSONEncoder that takes the long way for every field.
func slowJSON(b *flow.Batch, fl *flow.Flow, opts codec.JSONOptions) string {
	line := "{"
	for _, f := range append(flow.Fields(), b.Layout().Extensions()...) {
		if !b.Has(fl, f) {
			continue
		}
		if len(line) > 1 {
			line += ","
		}
		info := b.Layout().Info(f)
		line += strconv.Quote(info.Name) + ":" + slowValue(b, fl, info, opts)
	}
	return line + "}\n"
}

func slowValue(b *flow.Batch, fl *flow.Flow, info *flow.FieldInfo, opts codec.JSONOptions) string {
	quoted64 := func(number string) string {
		if opts.Quote64 {
			return `"` + number + `"`
		}
		return number
	}
	v, _ := b.Uint(fl, info.Field)
	switch info.Kind {
	case flow.KindAddr:
		a, _ := b.Addr(fl, info.Field)
		return slowAddr(a)
	case flow.KindMAC:
		if v == 0 {
			return `"00:00:00:00:00:00"`
		}
		return strconv.Quote(flow.MACFromUint64(v).String())
	case flow.KindText, flow.KindSymbol, flow.KindCountry:
		s, _ := b.Text(fl, info.Field)
		return slowText(string(s))
	case flow.KindU32s:
		list, _ := b.U32s(fl, info.Field)
		return slowList(list, func(v uint32) string { return strconv.FormatUint(uint64(v), 10) })
	case flow.KindAddrs:
		list, _ := b.Addrs(fl, info.Field)
		return slowList(list, slowAddr)
	case flow.KindU64:
		return quoted64(strconv.FormatUint(v, 10))
	case flow.KindTime:
		return quoted64(strconv.FormatInt(int64(v), 10))
	}
	if name := flow.EnumText(info.Field, v); name != "" && info.Field == flow.FieldType {
		return strconv.Quote(name)
	}
	return strconv.FormatUint(v, 10)
}

func slowAddr(a flow.Addr) string {
	if a.IsZero() {
		return `"::"`
	}
	return strconv.Quote(a.Netip().String())
}

func slowList[T any](list []T, item func(T) string) string {
	s := "["
	for i, v := range list {
		if i > 0 {
			s += ","
		}
		s += item(v)
	}
	return s + "]"
}

func slowText(s string) string {
	line := `"`
	for _, r := range s { // what is not UTF-8 is U+FFFD
		switch {
		case r == '"' || r == '\\':
			line += `\` + string(r)
		case r == '\n':
			line += `\n`
		case r == '\r':
			line += `\r`
		case r == '\t':
			line += `\t`
		case r < ' ' || r == 0x7f:
			line += fmt.Sprintf(`\u%04x`, r)
		default:
			line += string(r)
		}
	}
	return line + `"`
}

// numbers around which the ways of writing them change.
func numbers() (all []uint64) {
	for p := uint64(1); ; p *= 10 {
		all = append(all, p-1, p, p+1)
		if p == 1e19 {
			return append(all, 1<<63-1, 1<<63, 1<<64-1)
		}
	}
}

func TestNumbersAreThoseOfTheTwin(t *testing.T) {
	for _, v := range numbers() {
		b := codectest.Batch(1, func(b *flow.Batch, fl *flow.Flow) {
			for _, f := range flow.Fields() {
				if k := f.Info().Kind; k.IsNumber() || k == flow.KindMAC {
					b.SetUint(fl, f, v)
				}
			}
			b.SetASPath(fl, []uint32{uint32(v), uint32(v >> 32)})
		})
		flows, _ := b.Raw()
		for _, quote := range []bool{false, true} {
			opts := codec.JSONOptions{Quote64: quote}
			require.Equal(t, slowJSON(b, &flows[0], opts), string(encodeJSON(b, opts)))
		}
	}
}

// TestAddressesAreThoseOfTheTwin has every set of groups that are zero, with
// others of every length.
func TestAddressesAreThoseOfTheTwin(t *testing.T) {
	for set := range 256 {
		for shift := range 16 {
			var a flow.Addr
			for i := range 8 {
				if set>>i&1 == 0 {
					v := max(uint16(0xfedc-i)>>shift, 1)
					a[2*i], a[2*i+1] = byte(v>>8), byte(v)
				}
			}
			b := codectest.Batch(1, func(_ *flow.Batch, fl *flow.Flow) { fl.SetSrcAddr(a) })
			require.Equal(t, `{"src_addr":`+slowAddr(a)+"}\n", string(encodeJSON(b, codec.JSONOptions{})))
		}
	}
	for v := range 256 {
		a := flow.AddrFrom4([4]byte{byte(v), byte(255 - v), byte(v * 7), byte(v)})
		b := codectest.Batch(1, func(_ *flow.Batch, fl *flow.Flow) { fl.SetSrcAddr(a) })
		require.Equal(t, `{"src_addr":`+slowAddr(a)+"}\n", string(encodeJSON(b, codec.JSONOptions{})))
	}
}

// FuzzJSONEncode compares the lines of random flows with those of the twin. They
// are appended to a buffer that is full, to one that has a little room, and to one
// that held other lines.
func FuzzJSONEncode(f *testing.F) {
	for i := range uint64(8) {
		f.Add(i, uint8(i), i%2 == 0, uint64(1)<<(i*8), []byte("2001:db8::1:0:0:1"), "text\u2028\x00\xff")
	}
	f.Fuzz(func(t *testing.T, seed uint64, share uint8, quote bool, number uint64, addr []byte, note string) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := codectest.Batch(3, func(b *flow.Batch, fl *flow.Flow) {
			codectest.Fill(r, b, fl, func(*flow.FieldInfo) bool { return r.IntN(256) <= int(share) })
			fl.SetBytes(number)
			fl.SetTimeEnd(int64(number))
			fl.SetOutIf(uint32(number))
			fl.SetDstPort(uint16(number))
			var a flow.Addr
			copy(a[:], addr)
			fl.SetDstAddr(a)
			b.SetNote(fl, note)
		})
		opts := codec.JSONOptions{Quote64: quote}
		want := ""
		flows, rows := b.Raw()
		for _, i := range rows {
			line := slowJSON(b, &flows[i], opts)
			require.True(t, json.Valid([]byte(line)), line)
			want += line
		}
		e := codec.NewJSONEncoder(opts)
		line := e.AppendBatch(nil, b)
		require.Equal(t, want, string(line))
		require.Equal(t, want, string(e.AppendBatch(line[:0], b)))
		require.Equal(t, "before"+want, string(e.AppendBatch(append(make([]byte, 0, 6+share), "before"...), b)))
	})
}
