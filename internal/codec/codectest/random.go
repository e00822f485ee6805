// Package codectest makes flows for tests of codecs, sources and sinks.
package codectest

import (
	"math/rand/v2"

	"github.com/flowpipeline/pipeline/flow"
)

// Fill sets every field of the schema of fl for which pick returns true to a
// random value that every codec can carry.
func Fill(r *rand.Rand, b *flow.Batch, fl *flow.Flow, pick func(*flow.FieldInfo) bool) {
	for _, f := range flow.Fields() {
		if info := f.Info(); pick(info) {
			set(r, b, fl, info)
		}
	}
}

// All picks every field.
func All(*flow.FieldInfo) bool { return true }

func set(r *rand.Rand, b *flow.Batch, fl *flow.Flow, info *flow.FieldInfo) {
	f := info.Field
	switch info.Kind {
	case flow.KindAddr:
		b.SetAddr(fl, f, Addr(r))
	case flow.KindCountry:
		b.SetText(fl, f, string([]byte{'A' + byte(r.IntN(26)), 'A' + byte(r.IntN(26))}))
	case flow.KindSymbol:
		b.SetText(fl, f, symbols[r.IntN(len(symbols))])
	case flow.KindText:
		b.SetText(fl, f, texts[r.IntN(len(texts))])
	case flow.KindU32s:
		list := make([]uint32, r.IntN(5))
		for i := range list {
			list[i] = uint32(number(r, 32))
			if info.Enum != "" {
				list[i] &= 0x7f // an enumeration on the wire, where 32 bits have a sign
			}
		}
		b.SetU32s(fl, f, list)
	case flow.KindAddrs:
		list := make([]flow.Addr, 1+r.IntN(4))
		for i := range list {
			list[i] = Addr(r)
		}
		b.SetAddrs(fl, f, list)
	default:
		bits := map[flow.Kind]int{flow.KindU8: 8, flow.KindU16: 16, flow.KindU32: 32, flow.KindU64: 64, flow.KindTime: 64, flow.KindMAC: 48}[info.Kind]
		v := number(r, bits)
		if f == flow.FieldSamplingRate && v == 0 {
			v = 1000 // 0 means that nobody told it
		}
		b.SetUint(fl, f, v)
	}
}

var (
	symbols = []string{"", "eth0", "TenGigE0/0/0/1", "Grüße", `quote " and \`}
	texts   = []string{"", "host.example.net", "line\nbreak\ttab\x01", "日本語", `a "quoted", text\`, "\u2028 \U0001F600"}
)

// number returns any number of so many bits, small ones and the ends often.
func number(r *rand.Rand, bits int) uint64 {
	top := uint64(1)<<bits - 1
	switch r.IntN(4) {
	case 0:
		return 0
	case 1:
		return top
	}
	return r.Uint64() >> r.IntN(64) & top
}

// Addr returns an address of either family, now and then the unspecified one.
func Addr(r *rand.Rand) flow.Addr {
	switch r.IntN(8) {
	case 0:
		return flow.Addr{}
	case 1, 2, 3:
		a := flow.Addr{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8}
		for i := 4 + r.IntN(10); i < len(a); i++ {
			a[i] = byte(r.Uint32())
		}
		return a
	}
	return flow.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
}

// Usual fills fl with the 25 fields of a record from a router.
func Usual(b *flow.Batch, fl *flow.Flow) {
	fl.SetType(flow.TypeNetFlowV9)
	fl.SetTimeReceived(1700000000123456789)
	fl.SetSequenceNum(123456)
	fl.SetSamplingRate(1000)
	fl.SetExporter(flow.MustParseAddr("192.0.2.1"))
	fl.SetTimeStart(1699999990000000000)
	fl.SetTimeEnd(1699999999000000000)
	fl.SetBytes(123456)
	fl.SetPackets(321)
	fl.SetSrcAddr(flow.MustParseAddr("198.51.100.77"))
	fl.SetDstAddr(flow.MustParseAddr("203.0.113.9"))
	fl.SetEtherType(flow.EtherTypeIPv4)
	fl.SetProto(flow.ProtoTCP)
	fl.SetSrcPort(443)
	fl.SetDstPort(51234)
	fl.SetTCPFlags(0x1b)
	fl.SetTOS(0)
	fl.SetTTL(57)
	fl.SetForwardingStatus(64)
	fl.SetInIf(12)
	fl.SetOutIf(34)
	fl.SetSrcAS(64500)
	fl.SetDstAS(64501)
	fl.SetNextHop(flow.MustParseAddr("192.0.2.254"))
	fl.SetSrcPrefixLen(24)
}

// Batch returns a batch with n flows that fill fills; the owner is nobody else's.
func Batch(n int, fill func(b *flow.Batch, fl *flow.Flow)) *flow.Batch {
	b := Empty(n, nil)
	for range n {
		fill(b, b.Next())
	}
	return b
}
