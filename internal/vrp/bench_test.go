package vrp_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gaissmai/bart"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

const million = 1_000_000

// world makes a set of n prefixes, of lengths as they are in the world: three
// quarters are of IPv4, most of those /24.
func world(n int) vrp.Set {
	r := rand.New(rand.NewPCG(1, 1))
	seen := make(map[netip.Prefix]bool, n)
	vrps := make([]vrp.VRP, 0, n)
	for len(vrps) < n {
		p := randomPrefix(r)
		if seen[p] {
			continue
		}
		seen[p] = true
		v, err := vrp.New(p, min(p.Bits()+r.IntN(4), p.Addr().BitLen()), 1+r.Uint32N(80_000))
		if err != nil {
			panic(err)
		}
		vrps = append(vrps, v)
	}
	return vrp.NewSet(vrps)
}

func randomPrefix(r *rand.Rand) netip.Prefix {
	if r.IntN(4) > 0 {
		a := netip.AddrFrom4([4]byte{byte(1 + r.IntN(222)), byte(r.Uint32()), byte(r.Uint32()), 0})
		p, _ := a.Prefix(min(24, 14+r.IntN(20)))
		return p
	}
	a := netip.AddrFrom16([16]byte{0x20 + byte(r.IntN(16)), byte(r.Uint32()), byte(r.IntN(16)), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
	p, _ := a.Prefix(29 + r.IntN(20))
	return p
}

type route struct {
	prefix netip.Prefix
	addr   flow.Addr
	origin uint32
}

// routes are valid, invalid and not found, a third of each.
func routes(set vrp.Set, n int) []route {
	r := rand.New(rand.NewPCG(2, 2))
	list := make([]route, n)
	for i := range list {
		v := set[r.IntN(len(set))]
		p, origin := v.Prefix(), v.ASN
		switch i % 3 {
		case 1:
			origin = 90_000
		case 2:
			p = randomPrefix(r)
		}
		list[i] = route{p, flow.AddrFrom(p.Addr()), origin}
	}
	return list
}

// BenchmarkValidate asks a table of a million prefixes in turns with bart's search
// for the longest prefix alone, and tells the medians of the turns: for a thousand
// routes over and over, and for any, where every question waits for memory. It says
// what memory the table takes.
func BenchmarkValidate(b *testing.B) {
	set := world(million)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := vrp.NewTable(set)
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := float64(after.HeapAlloc-before.HeapAlloc) / million
	floor := new(bart.Table[uint32])
	for i, v := range set {
		floor.Insert(v.Prefix(), uint32(i))
	}
	const turn = 1 << 10
	for name, n := range map[string]int{"thousand": turn, "any": 1 << 18} {
		list := routes(set, n)
		b.Run(name, func(b *testing.B) {
			var search, validate []time.Duration
			for i := 0; b.Loop(); i += turn {
				// The two take different routes, or one would find those of
				// the other in the cache.
				begin := time.Now()
				for _, r := range list[i%n : i%n+turn] {
					floor.LookupPrefix(r.prefix)
				}
				search = append(search, time.Since(begin))
				begin = time.Now()
				for _, r := range list[(i+n/2)%n/turn*turn:][:turn] {
					table.Validate(r.addr, uint8(r.prefix.Bits()), r.origin)
				}
				validate = append(validate, time.Since(begin))
			}
			median := func(d []time.Duration) float64 {
				slices.Sort(d)
				return float64(d[len(d)/2].Nanoseconds()) / turn
			}
			b.ReportMetric(median(search), "ns/search")
			b.ReportMetric(median(validate), "ns/validate")
			b.ReportMetric(size, "B/prefix")
		})
	}
}

// BenchmarkNewTable makes a table of a hundred thousand prefixes.
func BenchmarkNewTable(b *testing.B) {
	set := world(100_000)
	for b.Loop() {
		vrp.NewTable(set)
	}
}

// BenchmarkReadJSON reads an export of ten thousand VRPs.
func BenchmarkReadJSON(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(`{"roas":[`)
	for i, v := range world(10_000) {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"asn":"AS%d","prefix":%q,"maxLength":%d,"ta":"ripe","expires":1927568318}`, v.ASN, v.Prefix(), v.MaxLen)
	}
	text.WriteString("]}")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := vrp.ReadJSON(bytes.NewReader(text.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
