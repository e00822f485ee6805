package filter_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// benchBatch is a batch of ordinary traffic: mostly TCP, IPv4, some favourites.
func benchBatch(r *rand.Rand) *flow.Batch {
	b := flow.NewOwner(flow.OwnerConfig{}).Begin(0, time.Time{})
	ports := []uint16{443, 443, 443, 80, 53, 22, 123, 8080, 25, 3389}
	for fl := b.Next(); fl != nil; fl = b.Next() {
		fl.SetSrcAddr(benchAddr(r))
		fl.SetDstAddr(benchAddr(r))
		fl.SetProto([]uint8{6, 6, 6, 6, 6, 6, 17, 17, 17, 1}[r.IntN(10)])
		fl.SetSrcPort(uint16(1024 + r.IntN(64000)))
		fl.SetDstPort(ports[r.IntN(len(ports))])
		if r.IntN(2) == 0 {
			fl.SrcPort, fl.DstPort = fl.DstPort, fl.SrcPort
		}
		fl.SetTCPFlags(uint16(r.IntN(64)))
		fl.SetBytes(r.Uint64N(10_000_000))
		fl.SetPackets(1 + fl.Bytes/800)
		fl.SetTimeStart(1)
		fl.SetTimeEnd(1 + r.Int64N(30e9))
	}
	return b
}

func benchAddr(r *rand.Rand) flow.Addr {
	switch r.IntN(10) {
	case 0:
		return flow.MustParseAddr("129.143.4.238")
	case 1, 2:
		return flow.AddrFrom4([4]byte{10, byte(r.Uint32()), byte(r.Uint32()), 1})
	case 3:
		return flow.AddrFrom4([4]byte{192, 168, byte(r.Uint32()), 7})
	case 4, 5:
		return flow.Addr{0: 0x20, 1: 1, 2: 0x0d, 3: 0xb8, 5: byte(r.Uint32()), 15: byte(r.Uint32())}
	}
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], r.Uint32())
	return flow.AddrFrom4(a)
}

// prefixes makes n prefixes of lengths as in a routing table.
func prefixes(n int) []netip.Prefix {
	r := rand.New(rand.NewPCG(3, 4))
	ps := make([]netip.Prefix, n)
	for i := range ps {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], r.Uint32())
		ps[i] = netip.PrefixFrom(netip.AddrFrom4(a), 16+r.IntN(9)).Masked()
	}
	return ps
}

// benchCases are expressions, each with the loop that one would write by hand for
// it.
var benchCases = []struct {
	expr string
	hand func(flows []flow.Flow, in, out []uint16) []uint16
}{
	{"proto tcp", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			if flows[i].Proto == 6 {
				out = append(out, i)
			}
		}
		return out
	}},
	{"proto tcp and port 443", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			if fl := &flows[i]; fl.Proto == 6 && (fl.SrcPort == 443 || fl.DstPort == 443) {
				out = append(out, i)
			}
		}
		return out
	}},
	{"(src address 10.0.0.0/8 or dst address 192.168.0.0/16) and not port <1024", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			fl := &flows[i]
			if (fl.SrcAddr.Is4() && fl.SrcAddr.V4()>>24 == 10 || fl.DstAddr.Is4() && fl.DstAddr.V4()>>16 == 192<<8|168) &&
				fl.SrcPort >= 1024 && fl.DstPort >= 1024 {
				out = append(out, i)
			}
		}
		return out
	}},
	{"proto tcp and address 129.143.4.238 and port 80", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			fl := &flows[i]
			if fl.Proto == 6 && (fl.SrcAddr == theHost || fl.DstAddr == theHost) && (fl.SrcPort == 80 || fl.DstPort == 80) {
				out = append(out, i)
			}
		}
		return out
	}},
	{"bps >1000000 and tcpflags syn", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			fl := &flows[i]
			if fl.Proto == 6 && fl.TCPFlags&2 != 0 && fl.TimeEnd > fl.TimeStart &&
				float64(fl.Bytes)*8e9/float64(fl.TimeEnd-fl.TimeStart) > 1000000 {
				out = append(out, i)
			}
		}
		return out
	}},
	{"port in [" + strings.Trim(fmt.Sprint(twentyPorts), "[]") + "]", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			if isOneOfTwenty[flows[i].SrcPort] || isOneOfTwenty[flows[i].DstPort] {
				out = append(out, i)
			}
		}
		return out
	}},
	{"src address in [" + strings.Trim(fmt.Sprint(prefixes(10_000)), "[]") + "]", func(flows []flow.Flow, in, out []uint16) []uint16 {
		for _, i := range in {
			if byLength.has(flows[i].SrcAddr) {
				out = append(out, i)
			}
		}
		return out
	}},
}

var theHost = flow.MustParseAddr("129.143.4.238")

var twentyPorts = []uint16{20, 21, 22, 23, 25, 53, 80, 110, 123, 143, 161, 389, 443, 445, 465, 587, 636, 993, 995, 3389}

var isOneOfTwenty = func() map[uint16]bool {
	m := map[uint16]bool{}
	for _, p := range twentyPorts {
		m[p] = true
	}
	return m
}()

// lengths is a set of IPv4 prefixes as one writes it by hand: a map for each
// length.
type lengths [33]map[uint32]bool

func (l *lengths) has(a flow.Addr) bool {
	if !a.Is4() {
		return false
	}
	for n := 16; n <= 24; n++ {
		if l[n][a.V4()>>(32-n)] {
			return true
		}
	}
	return false
}

var byLength = func() *lengths {
	var l lengths
	for _, p := range prefixes(10_000) {
		if l[p.Bits()] == nil {
			l[p.Bits()] = map[uint32]bool{}
		}
		l[p.Bits()][flow.AddrFrom(p.Addr()).V4()>>(32-p.Bits())] = true
	}
	return &l
}()

// BenchmarkFilter prints each expression beside a loop written by hand, over the
// same batches, in nanoseconds for a flow. Each batch is asked for a random part
// of its flows, another one every time, so that no branch predictor learns the
// answers by heart.
func BenchmarkFilter(b *testing.B) {
	const batches, parts = 8, 61
	r := rand.New(rand.NewPCG(1, 2))
	var all []*flow.Batch
	for range batches {
		all = append(all, benchBatch(r))
	}
	var rows [parts][]uint16
	for p := range rows {
		for i := range uint16(all[0].Cap()) {
			if r.IntN(4) > 0 {
				rows[p] = append(rows[p], i)
			}
		}
	}
	measure := func(b *testing.B, apply func(*flow.Batch, []uint16)) {
		flows := 0
		b.ReportAllocs()
		for part := 0; b.Loop(); {
			for _, batch := range all {
				apply(batch, rows[part])
				flows += len(rows[part])
				part = (part + 1) % parts
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(flows), "ns/flow")
	}
	for _, c := range benchCases {
		name := c.expr
		if len(name) > 75 {
			name = name[:40] + "…"
		}
		b.Run("expression/"+name, func(b *testing.B) {
			p, err := filter.Parse(c.expr)
			if err != nil {
				b.Fatal(err)
			}
			sel, err := p.Compile(nil)
			if err != nil {
				b.Fatal(err)
			}
			work := make([]uint16, all[0].Cap())
			measure(b, func(batch *flow.Batch, rows []uint16) {
				batch.SetRows(work[:copy(work, rows)])
				sel.Apply(batch)
			})
		})
		b.Run("by_hand/"+name, func(b *testing.B) {
			out := make([]uint16, 0, all[0].Cap())
			measure(b, func(batch *flow.Batch, rows []uint16) {
				flows, _ := batch.Raw()
				out = c.hand(flows, rows, out[:0])
			})
		})
	}
}
