package filter_test

import (
	"bytes"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// meaning is what an expression means, worked out without package filter.
type meaning func(b *flow.Batch, fl *flow.Flow) bool

func (m meaning) unless(neg bool) meaning {
	if !neg {
		return m
	}
	return func(b *flow.Batch, fl *flow.Flow) bool { return !m(b, fl) }
}

// Values that flows and expressions share.
var (
	twinAddrs = []string{
		"10.0.0.1", "10.0.0.2", "10.0.1.1", "10.20.0.5", "192.168.1.1", "192.0.2.7", "0.0.0.0", "0.0.0.1", "255.255.255.255", "127.255.255.255", "128.0.0.0",
		"::1", "0:0:0:1::", "1::", "2001:db8::1", "2001:db8:0:1::1", "2001:db8:20::1", "2001:db9::1", "fe80::1", "fd::1", "a00:1::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	}
	twinPrefixes = []string{
		"10.0.0.0/8", "10.0.0.0/24", "10.0.0.0/31", "10.0.0.77/24", "10.20.0.0/16", "192.168.0.0/16", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.1/32",
		"::/0", "::/1", "8000::/1", "::/64", "::/96", "2001:db8::/32", "2001:db8::/48", "2001:db8::/64", "2001:db8::/65", "fe80::/10", "::1/128", "::/127",
	}
	twinBig     = []uint64{0, 1, 2, 3, 10, 64, 100, 999, 1000, 1001, 1024, 10000, 1e6, 1<<32 - 1, 1 << 32, 1e10, 1 << 63, maxUint64 - 1, maxUint64}
	twinPorts   = []uint64{0, 1, 22, 53, 80, 81, 443, 1023, 1024, 8080, 32768, 65534, 65535}
	twinAS      = []uint64{0, 1, 174, 553, 64500, 64501, 65535, 65536, 4200000000, 1<<32 - 1}
	twinBytes   = []uint64{0, 1, 2, 3, 4, 5, 16, 64, 127, 128, 184, 192, 254, 255}
	twinLengths = []uint64{0, 1, 16, 24, 64, 127, 128}
	twinSpeeds  = []uint64{0, 999, 1000, 1001, 1999, 2000, 10000, 100000, 4294966999, 1<<32 - 1}
	twinProtos  = []uint64{0, 1, 4, 6, 17, 47, 58, 94}
	twinNanos   = []int64{0, 1, 999, 1000, 499999999, 500000000, 500000001, 1e9 - 1, 1e9, 1e9 + 1, 15e8, 2e9, 3e9, 10e9, 60e9, 61e9, 3600e9}
	twinNames   = []string{"", "hu0", "Hu0/1", "te1", "TE1/2", "dns", "http", "a.b", "Ä"}
	twinMACs    = []string{"02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:01"}
	twinLands   = []string{"DE", "FR", "US", "IN"}
	twinComms   = []uint32{65000<<16 | 1, 65000<<16 | 2, 65001<<16 | 1, 0, 1, 1<<32 - 1}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func some[T any](r *rand.Rand, from []T, most int) []T {
	list := make([]T, 1+r.IntN(most))
	for i := range list {
		list[i] = pick(r, from)
	}
	return list
}

// twinFields are fields that flows carry, with the numbers they take.
var twinFields = map[flow.Field][]uint64{
	flow.FieldBytes: twinBig, flow.FieldPackets: twinBig, flow.FieldBytesOut: twinBig, flow.FieldTunnelID: twinBig, flow.FieldRetransmits: twinBig,
	flow.FieldSrcPort: twinPorts, flow.FieldDstPort: twinPorts, flow.FieldNATSrcPort: twinPorts, flow.FieldNATDstPort: twinPorts,
	flow.FieldInnerSrcPort: twinPorts, flow.FieldInnerDstPort: twinPorts, flow.FieldSRv6Tag: twinPorts,
	flow.FieldSrcAS: twinAS, flow.FieldDstAS: twinAS, flow.FieldNextHopAS: twinAS, flow.FieldCustomerID: twinAS, flow.FieldSrcCustomerID: twinAS,
	flow.FieldDstCustomerID: twinAS, flow.FieldIngressVRF: twinAS, flow.FieldEgressVRF: twinAS, flow.FieldMED: twinAS, flow.FieldLocalPref: twinAS,
	flow.FieldSamplingRate: twinAS, flow.FieldInIf: twinAS, flow.FieldOutIf: twinAS, flow.FieldUID: twinAS, flow.FieldFlowLabel: twinAS,
	flow.FieldInIfSpeed: twinSpeeds, flow.FieldOutIfSpeed: twinSpeeds,
	flow.FieldProto: twinProtos, flow.FieldInnerProto: twinProtos, flow.FieldEtherType: {0x800, 0x806, 0x86dd, 0x8847},
	flow.FieldTOS: {0, 1, 2, 3, 0xb8, 0xbb, 0x28, 0xc0, 255}, flow.FieldTTL: twinBytes, flow.FieldMinTTL: twinBytes, flow.FieldMaxTTL: twinBytes,
	flow.FieldSrcPrefixLen: twinBytes, flow.FieldDstPrefixLen: twinBytes, flow.FieldICMPType: {0, 3, 8, 128}, flow.FieldICMPCode: {0, 1, 3, 4},
	flow.FieldForwardingStatus: {0, 63, 64, 66, 127, 128, 129, 130, 131, 138, 139, 191, 192, 255}, flow.FieldDirection: {0, 1}, flow.FieldNormalized: {0, 1},
	flow.FieldTCPFlags: {0, 1, 2, 0x10, 0x11, 0x12, 0x1a, 0x3f, 0x40, 0x80, 0x100, 0x1ff}, flow.FieldVLAN: {1, 10, 100, 4095}, flow.FieldSrcVLAN: {1, 10, 100, 4095}, flow.FieldDstVLAN: {1, 10, 100, 4095},
	flow.FieldSrcRPKI: {0, 1, 2, 3}, flow.FieldDstRPKI: {0, 1, 2, 3}, flow.FieldValidationStatus: {0, 1, 2, 3},
}

var (
	twinAddrFields = []flow.Field{flow.FieldSrcAddr, flow.FieldDstAddr, flow.FieldExporter, flow.FieldNextHop, flow.FieldNATSrcAddr, flow.FieldNATDstAddr, flow.FieldInnerSrcAddr, flow.FieldInnerDstAddr}
	twinTexts      = []flow.Field{flow.FieldInIfName, flow.FieldOutIfName, flow.FieldInIfDesc, flow.FieldOutIfDesc, flow.FieldAppName, flow.FieldNote, flow.FieldSrcHostName}
	twinCountries  = []flow.Field{flow.FieldSrcCountry, flow.FieldDstCountry, flow.FieldRemoteCountry}
)

// fillRandom sets each of a flow's fields or leaves it absent.
func fillRandom(r *rand.Rand, b *flow.Batch, fl *flow.Flow) {
	for f := range flow.NumFields {
		if r.IntN(4) == 0 {
			continue
		}
		if pool, ok := twinFields[f]; ok {
			b.SetUint(fl, f, pick(r, pool))
		}
		switch {
		case slices.Contains(twinAddrFields, f):
			b.SetAddr(fl, f, flow.MustParseAddr(pick(r, twinAddrs)))
		case slices.Contains(twinTexts, f):
			b.SetText(fl, f, pick(r, twinNames))
		case slices.Contains(twinCountries, f):
			b.SetText(fl, f, pick(r, twinLands))
		case f == flow.FieldSrcMAC || f == flow.FieldDstMAC:
			mac, _ := flow.ParseMAC(pick(r, twinMACs))
			b.SetUint(fl, f, mac.Uint64())
		case f == flow.FieldASPath || f == flow.FieldMPLSLabels:
			b.SetU32s(fl, f, some(r, []uint32{174, 553, 64500, 64501}, 4))
		case f == flow.FieldCommunities || f == flow.FieldSrcCommunities:
			b.SetU32s(fl, f, some(r, twinComms, 4))
		case f == flow.FieldLargeCommunities:
			list := make([]uint32, 3*(1+r.IntN(2)))
			for i := range list {
				list[i] = pick(r, []uint32{65000, 1, 2})
			}
			b.SetU32s(fl, f, list)
		case f == flow.FieldTimeStart:
			fl.SetTimeStart(1.7e18)
		case f == flow.FieldTimeEnd:
			fl.SetTimeEnd(1.7e18 + pick(r, twinNanos) - int64(r.IntN(20)/19)*5e9)
		}
	}
	if r.IntN(2) == 0 {
		extRisk.Set(b, fl, uint16(pick(r, twinPorts)))
		extZone.Set(b, fl, b.Symbols().Intern(pick(r, twinNames)))
	}
}

// number is the value of a field, 0 if absent.
func number(f flow.Field) func(b *flow.Batch, fl *flow.Flow) uint64 {
	return func(b *flow.Batch, fl *flow.Flow) uint64 {
		v, ok := b.Uint(fl, f)
		if !ok {
			return 0
		}
		return v
	}
}

func text(b *flow.Batch, fl *flow.Flow, f flow.Field) string {
	v, ok := b.Text(fl, f)
	if !ok {
		return ""
	}
	return string(v)
}

// writer makes expressions.
type writer struct {
	r     *rand.Rand
	std   bool
	terms []func(*writer) (string, meaning)
}

func (w *writer) yes(oneIn int) bool { return w.r.IntN(oneIn) == 0 }

// spell writes a number in one of its forms.
func (w *writer) spell(v uint64, quantity bool) string {
	switch w.r.IntN(6) {
	case 0:
		return fmt.Sprintf("0x%x", v)
	case 1:
		if v < 1<<16 {
			return fmt.Sprintf("0b%b", v)
		}
		return fmt.Sprintf("0o%o", v)
	case 2, 3:
		for _, u := range []struct {
			name string
			size uint64
		}{{"M", 1e6}, {"Ki", 1024}, {"k", 1000}} {
			if quantity && v > 0 && v%u.size == 0 {
				return strconv.FormatUint(v/u.size, 10) + u.name
			}
		}
	}
	return strconv.FormatUint(v, 10)
}

// numbers writes a test of numbers of pool. It is to be negated if neg is true.
func (w *writer) numbers(pool []uint64, quantity bool) (text string, in func(uint64) bool, neg bool) {
	v := pick(w.r, pool)
	lo, hi := v, pick(w.r, pool)
	lo, hi = min(lo, hi), max(lo, hi)
	s := w.spell(v, quantity)
	within := func(lo, hi uint64) func(uint64) bool { return func(x uint64) bool { return lo <= x && x <= hi } }
	switch w.r.IntN(9) {
	case 0, 1:
		return pick(w.r, []string{"", "= ", "== ", "eq "}) + s, within(v, v), false
	case 2:
		return pick(w.r, []string{"!= ", "ne "}) + s, within(v, v), true
	case 3:
		return pick(w.r, []string{"<", "< ", "lt "}) + s, func(x uint64) bool { return x < v }, false
	case 4:
		return pick(w.r, []string{">", "> ", "gt "}) + s, func(x uint64) bool { return x > v }, false
	case 5:
		return pick(w.r, []string{"<=", "<= ", "le "}) + s, func(x uint64) bool { return x <= v }, false
	case 6:
		return pick(w.r, []string{">=", ">= ", "ge "}) + s, func(x uint64) bool { return x >= v }, false
	case 7:
		return w.spell(lo, quantity) + pick(w.r, []string{"-", "..", " - "}) + w.spell(hi, quantity), within(lo, hi), false
	}
	var words []string
	var ins []func(uint64) bool
	for range 1 + w.r.IntN(4) {
		v := pick(w.r, pool)
		if w.yes(3) {
			words, ins = append(words, w.spell(lo, quantity)+pick(w.r, []string{"-", ".."})+w.spell(hi, quantity)), append(ins, within(lo, hi))
		} else {
			words, ins = append(words, w.spell(v, quantity)), append(ins, within(v, v))
		}
	}
	return "in " + w.list(words), func(x uint64) bool {
		return slices.ContainsFunc(ins, func(in func(uint64) bool) bool { return in(x) })
	}, false
}

func (w *writer) list(words []string) string {
	brackets := pick(w.r, []string{"[]", "()"})
	return brackets[:1] + strings.Join(words, pick(w.r, []string{" ", ", ", ","})) + brackets[1:]
}

// side writes a side in front of a term, and joins the meanings on both.
func (w *writer) side(term string, src, dst meaning) (string, meaning) {
	either := func(b *flow.Batch, fl *flow.Flow) bool { return src(b, fl) || dst(b, fl) }
	switch w.r.IntN(8) {
	case 0, 1:
		return "src " + term, src
	case 2, 3:
		return "dst " + term, dst
	case 4:
		return pick(w.r, []string{"src and dst ", "dst and src "}) + term, func(b *flow.Batch, fl *flow.Flow) bool { return src(b, fl) && dst(b, fl) }
	case 5:
		return pick(w.r, []string{"src or dst ", "dst or src "}) + term, either
	}
	return term, either
}

// sided is a term over the numbers of two fields.
func sided(pool []uint64, src, dst flow.Field, nouns ...string) func(*writer) (string, meaning) {
	return func(w *writer) (string, meaning) {
		text, in, neg := w.numbers(pool, false)
		s, d := number(src), number(dst)
		m1 := func(b *flow.Batch, fl *flow.Flow) bool { return in(s(b, fl)) }
		m2 := func(b *flow.Batch, fl *flow.Flow) bool { return in(d(b, fl)) }
		text = pick(w.r, nouns) + " " + text
		if neg { // both sides and a negation: the reference leaves open which comes first
			switch w.r.IntN(3) {
			case 0:
				return "src " + text, meaning(m1).unless(true)
			case 1:
				return "dst " + text, meaning(m2).unless(true)
			}
			return text, func(b *flow.Batch, fl *flow.Flow) bool { return !m1(b, fl) && !m2(b, fl) }
		}
		return w.side(text, m1, m2)
	}
}

// plain is a term over a number.
func plain(pool []uint64, quantity bool, of func(*flow.Batch, *flow.Flow) uint64, nouns ...string) func(*writer) (string, meaning) {
	return func(w *writer) (string, meaning) {
		text, in, neg := w.numbers(pool, quantity)
		return pick(w.r, nouns) + " " + text, meaning(func(b *flow.Batch, fl *flow.Flow) bool { return in(of(b, fl)) }).unless(neg)
	}
}

// anyOf is a term over the numbers of three fields, any of which may do.
func anyOf(pool []uint64, noun string, fields ...flow.Field) func(*writer) (string, meaning) {
	return func(w *writer) (string, meaning) {
		text, in, neg := w.numbers(pool, false)
		return noun + " " + text, meaning(func(b *flow.Batch, fl *flow.Flow) bool {
			return slices.ContainsFunc(fields, func(f flow.Field) bool { return in(number(f)(b, fl)) })
		}).unless(neg)
	}
}

// named is a term of fixed values.
func named(noun string, of func(*flow.Batch, *flow.Flow) uint64, values map[string]func(uint64) bool) func(*writer) (string, meaning) {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return func(w *writer) (string, meaning) {
		name := pick(w.r, names)
		in := values[name]
		return strings.TrimSpace(noun + " " + name), func(b *flow.Batch, fl *flow.Flow) bool { return in(of(b, fl)) }
	}
}

func is(values ...uint64) func(uint64) bool {
	return func(x uint64) bool { return slices.Contains(values, x) }
}

func between(lo, hi uint64) func(uint64) bool {
	return func(x uint64) bool { return lo <= x && x <= hi }
}

// inPrefix compares bit by bit. The zero address lies nowhere, and IPv6 prefixes
// hold no IPv4.
func inPrefix(a flow.Addr, prefix string) bool {
	if !strings.Contains(prefix, "/") {
		return a == flow.MustParseAddr(prefix)
	}
	text, length, _ := strings.Cut(prefix, "/")
	p := flow.MustParseAddr(text)
	n, _ := strconv.Atoi(length)
	if a.IsZero() || a.Is4() != p.Is4() && (p != flow.Addr{} || a.Is4()) {
		return false
	}
	if p.Is4() {
		n += 96
	}
	for i := range n {
		if (a[i/8]^p[i/8])>>(7-i%8)&1 != 0 {
			return false
		}
	}
	return true
}

// addresses writes a test of addresses.
func (w *writer) addresses() (text string, in func(flow.Addr) bool, neg bool) {
	pool := append(slices.Clone(twinPrefixes), twinAddrs...)
	switch w.r.IntN(5) {
	case 0, 1:
		p := pick(w.r, pool)
		return p, func(a flow.Addr) bool { return inPrefix(a, p) }, false
	case 2:
		p := pick(w.r, pool)
		neg := w.yes(2)
		op := "= "
		if neg {
			op = "!= "
		}
		return op + p, func(a flow.Addr) bool { return inPrefix(a, p) }, neg
	case 3:
		return "in @customers", func(a flow.Addr) bool {
			return inPrefix(a, "10.20.0.0/16") || inPrefix(a, "2001:db8:20::/48") || inPrefix(a, "192.0.2.7")
		}, false
	}
	ps := some(w.r, pool, pick(w.r, []int{3, 20}))
	return "in " + w.list(ps), func(a flow.Addr) bool {
		return slices.ContainsFunc(ps, func(p string) bool { return inPrefix(a, p) })
	}, false
}

func addressTerm(src, dst flow.Field, nouns ...string) func(*writer) (string, meaning) {
	return func(w *writer) (string, meaning) {
		text, in, neg := w.addresses()
		of := func(f flow.Field) meaning {
			return func(b *flow.Batch, fl *flow.Flow) bool { a, ok := b.Addr(fl, f); return ok && in(a) }
		}
		noun := pick(w.r, nouns)
		prefix, noun, tunnel := strings.Cut(noun, " ")
		if !tunnel {
			prefix, noun = "", prefix
		} else {
			prefix += " "
		}
		text = noun + " " + text
		if dst == 0 {
			return prefix + text, of(src).unless(neg)
		}
		if neg {
			return prefix + text, func(b *flow.Batch, fl *flow.Flow) bool { return !of(src)(b, fl) && !of(dst)(b, fl) }
		}
		if tunnel {
			switch w.r.IntN(3) {
			case 0:
				return prefix + "src " + text, of(src)
			case 1:
				return prefix + "dst " + text, of(dst)
			}
			return prefix + text, func(b *flow.Batch, fl *flow.Flow) bool { return of(src)(b, fl) || of(dst)(b, fl) }
		}
		return w.side(text, of(src), of(dst))
	}
}

// ratio writes a test of num*scale/den, which is undefined over nothing.
func ratio(noun string, pool []uint64, parts func(fl *flow.Flow) (num, scale, den uint64)) func(*writer) (string, meaning) {
	return func(w *writer) (string, meaning) {
		v, hi := pick(w.r, pool), pick(w.r, pool)
		lo, hi := min(v, hi), max(v, hi)
		s := w.spell(v, true)
		// cmp compares the exact value with v.
		cmp := func(fl *flow.Flow, v uint64) (int, bool) {
			num, scale, den := parts(fl)
			if den == 0 {
				return 0, false
			}
			h1, l1 := bits.Mul64(num, scale)
			h2, l2 := bits.Mul64(v, den)
			switch {
			case h1 > h2 || h1 == h2 && l1 > l2:
				return 1, true
			case h1 == h2 && l1 == l2:
				return 0, true
			}
			return -1, true
		}
		rounded := func(lo, hi uint64) meaning { // the value, rounded down, is between
			return func(_ *flow.Batch, fl *flow.Flow) bool {
				c1, ok := cmp(fl, lo)
				c2, _ := cmp(fl, hi+1)
				return ok && c1 >= 0 && c2 < 0
			}
		}
		exact := func(want func(c int) bool) meaning {
			return func(_ *flow.Batch, fl *flow.Flow) bool { c, ok := cmp(fl, v); return ok && want(c) }
		}
		switch w.r.IntN(7) {
		case 0:
			return noun + pick(w.r, []string{" ", " = "}) + s, rounded(v, v)
		case 1:
			return noun + " != " + s, rounded(v, v).unless(true)
		case 2:
			return noun + " <" + s, exact(func(c int) bool { return c < 0 })
		case 3:
			return noun + " >" + s, exact(func(c int) bool { return c > 0 })
		case 4:
			return noun + " <= " + s, exact(func(c int) bool { return c <= 0 })
		case 5:
			return noun + " >= " + s, exact(func(c int) bool { return c >= 0 })
		}
		return noun + " " + w.spell(lo, true) + "-" + w.spell(hi, true), rounded(lo, hi)
	}
}

func duration(w *writer) (string, meaning) {
	unit := pick(w.r, []struct {
		name string
		ns   uint64
	}{{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}, {"h", 3600e9}})
	values := []uint64{0, 1, 2, 3, 10, 60, 500, 999, 1000, 1500}
	v := pick(w.r, values)
	hi := v + pick(w.r, values)
	s := fmt.Sprint(v) + unit.name
	test := func(in func(ns uint64) bool) meaning {
		return func(_ *flow.Batch, fl *flow.Flow) bool { return in(uint64(fl.Duration())) }
	}
	switch w.r.IntN(6) {
	case 0:
		return "duration " + s, test(func(ns uint64) bool { return ns/unit.ns == v })
	case 1:
		return "duration <" + s, test(func(ns uint64) bool { return ns < v*unit.ns })
	case 2:
		return "duration >" + s, test(func(ns uint64) bool { return ns > v*unit.ns })
	case 3:
		return "duration <= " + s, test(func(ns uint64) bool { return ns <= v*unit.ns })
	case 4:
		return "duration >= " + s, test(func(ns uint64) bool { return ns >= v*unit.ns })
	}
	return "duration " + s + "-" + fmt.Sprint(hi) + unit.name, test(func(ns uint64) bool { return v*unit.ns <= ns && ns < (hi+1)*unit.ns })
}

func flags(w *writer) (string, meaning) {
	letters := "FSRPAUECN"
	mask := func() (string, uint16) {
		bits := uint16(1 + w.r.IntN(0x1ff))
		if w.yes(2) {
			bits &= 0x13
			bits |= 2
		}
		var s strings.Builder
		for i := range letters {
			if bits&(1<<i) != 0 {
				s.WriteByte(letters[i])
			}
		}
		return s.String(), bits
	}
	test := func(in func(v uint16) bool) meaning {
		return func(_ *flow.Batch, fl *flow.Flow) bool { return fl.Proto == 6 && in(fl.TCPFlags) }
	}
	noun := pick(w.r, []string{"tcpflags ", "flags "})
	switch w.r.IntN(5) {
	case 0:
		v := pick(w.r, twinFields[flow.FieldTCPFlags])
		return noun + w.spell(v, false), test(func(x uint16) bool { return uint64(x) == v })
	case 1:
		s, m := mask()
		return noun + s, test(func(x uint16) bool { return x&m == m })
	case 2:
		s, m := mask()
		set := m & uint16(w.r.Uint32())
		var some strings.Builder
		for i := range letters {
			if set&(1<<i) != 0 {
				some.WriteByte(letters[i])
			}
		}
		if set == 0 {
			return noun + s, test(func(x uint16) bool { return x&m == m })
		}
		return noun + some.String() + "/" + s, test(func(x uint16) bool { return x&m == set })
	case 3:
		return "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", test(func(x uint16) bool { return x&3 != 0 })
	}
	names := []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"}
	i := w.r.IntN(len(names) + 1)
	if i == len(names) {
		return noun + "synack", test(func(x uint16) bool { return x&0x12 == 0x12 })
	}
	return noun + names[i], test(func(x uint16) bool { return x&(1<<i) != 0 })
}

func icmp(w *writer) (string, meaning) {
	noun, protos := "icmp", []uint8{1, 58}
	if w.yes(3) {
		noun, protos = "icmp6", []uint8{58}
	}
	v := pick(w.r, []uint64{0, 1, 3, 4, 8, 32, 128, 255})
	if w.yes(2) {
		return noun + " type " + w.spell(v, false), func(b *flow.Batch, fl *flow.Flow) bool {
			x := uint64(fl.DstPort >> 8)
			if fl.Has(flow.FieldICMPType) {
				x = uint64(fl.ICMPType)
			}
			return slices.Contains(protos, fl.Proto) && x == v
		}
	}
	return noun + " code " + w.spell(v, false), func(b *flow.Batch, fl *flow.Flow) bool {
		x := uint64(fl.DstPort & 0xff)
		if fl.Has(flow.FieldICMPCode) {
			x = uint64(fl.ICMPCode)
		}
		return slices.Contains(protos, fl.Proto) && x == v
	}
}

func interfaceName(w *writer) (string, meaning) {
	of := [2]flow.Field{flow.FieldInIfName, flow.FieldOutIfName}
	noun := "iface name "
	if w.yes(2) {
		of, noun = [2]flow.Field{flow.FieldInIfDesc, flow.FieldOutIfDesc}, "interface desc "
	}
	part := pick(w.r, []string{"hu", "HU0", "", "e1", "0/1", "x", "dns"})
	test := func(f flow.Field) meaning {
		return func(b *flow.Batch, fl *flow.Flow) bool {
			return strings.Contains(strings.ToLower(text(b, fl, f)), strings.ToLower(part))
		}
	}
	return w.side(noun+pick(w.r, []string{strconv.Quote(part), "'" + part + "'"}), test(of[0]), test(of[1]))
}

func interfaceSpeed(w *writer) (string, meaning) {
	text, in, neg := w.numbers([]uint64{0, 1, 10, 100, 4294966, 4294967}, false)
	test := func(f flow.Field) meaning {
		return func(b *flow.Batch, fl *flow.Flow) bool { return in(number(f)(b, fl) / 1000) }
	}
	src, dst := test(flow.FieldInIfSpeed), test(flow.FieldOutIfSpeed)
	if neg {
		return "iface speed " + text, func(b *flow.Batch, fl *flow.Flow) bool { return !src(b, fl) && !dst(b, fl) }
	}
	return w.side("iface speed "+text, src, dst)
}

func country(w *writer) (string, meaning) {
	cs := some(w.r, twinLands[:3], 2)
	op, neg := pick(w.r, []string{"", "= "})+cs[0], false
	switch w.r.IntN(3) {
	case 0:
		op, neg, cs = "!= "+cs[0], true, cs[:1]
	case 1:
		op = "in " + w.list(cs)
	default:
		cs = cs[:1]
	}
	if w.yes(3) {
		op = strings.ToLower(op)
	}
	has := func(f flow.Field) meaning {
		return func(b *flow.Batch, fl *flow.Flow) bool { return fl.Has(f) && slices.Contains(cs, text(b, fl, f)) }
	}
	switch w.r.IntN(3) {
	case 0:
		return "src country " + op, has(flow.FieldSrcCountry).unless(neg)
	case 1:
		return "dst country " + op, has(flow.FieldDstCountry).unless(neg)
	}
	return "country " + op, meaning(func(b *flow.Batch, fl *flow.Flow) bool {
		if fl.Has(flow.FieldRemoteCountry) {
			return has(flow.FieldRemoteCountry)(b, fl)
		}
		return has(flow.FieldSrcCountry)(b, fl) || has(flow.FieldDstCountry)(b, fl)
	}).unless(neg)
}

func rpki(w *writer) (string, meaning) {
	v := uint8(w.r.IntN(4))
	text := "rpki " + []string{"unknown", "valid", "notfound", "invalid"}[v]
	switch w.r.IntN(3) {
	case 0:
		return "src " + text, func(_ *flow.Batch, fl *flow.Flow) bool { return fl.SrcRPKI == v }
	case 1:
		return "dst " + text, func(_ *flow.Batch, fl *flow.Flow) bool { return fl.DstRPKI == v }
	}
	return text, func(_ *flow.Batch, fl *flow.Flow) bool {
		if v == 0 {
			return fl.SrcRPKI == 0 && fl.DstRPKI == 0 && fl.ValidationStatus == 0
		}
		return fl.SrcRPKI == v || fl.DstRPKI == v || fl.ValidationStatus == v
	}
}

func paths(w *writer) (string, meaning) {
	switch w.r.IntN(6) {
	case 0:
		hops := some(w.r, []uint32{174, 553, 64500, 64501}, 3)
		words := make([]string, len(hops))
		for i, v := range hops {
			words[i] = fmt.Sprint(v)
		}
		return "passes-through " + strings.Join(words, " "), func(b *flow.Batch, fl *flow.Flow) bool {
			path, _ := b.ASPath(fl)
			for i := 0; i+len(hops) <= len(path); i++ {
				if slices.Equal(path[i:i+len(hops)], hops) {
					return true
				}
			}
			return false
		}
	case 1:
		c := pick(w.r, twinComms)
		any := w.yes(2)
		word := fmt.Sprintf("community %d:%d", c>>16, c&0xffff)
		if any {
			word = fmt.Sprintf("community %d:*", c>>16)
		}
		return word, func(b *flow.Batch, fl *flow.Flow) bool {
			dst, _ := b.Communities(fl)
			src, _ := b.SrcCommunities(fl)
			has := func(v uint32) bool { return v == c || any && v>>16 == c>>16 }
			return slices.ContainsFunc(dst, has) || slices.ContainsFunc(src, has)
		}
	case 2:
		c := [3]uint32{65000, 1 + w.r.Uint32N(2), 1 + w.r.Uint32N(2)}
		return fmt.Sprintf("large %d:%d:%d", c[0], c[1], c[2]), func(b *flow.Batch, fl *flow.Flow) bool {
			list, _ := b.LargeCommunities(fl)
			for group := range slices.Chunk(list, 3) {
				if slices.Equal(group, c[:]) {
					return true
				}
			}
			return false
		}
	case 3:
		re := pick(w.r, []string{"^174 ", " 553$", "64500 64501", "^553$"})
		x := regexp.MustCompile(re)
		return `aspath =~ "` + re + `"`, func(b *flow.Batch, fl *flow.Flow) bool {
			path, _ := b.ASPath(fl)
			return x.MatchString(strings.Trim(fmt.Sprint(path), "[]"))
		}
	case 4:
		return "mpls", func(b *flow.Batch, fl *flow.Flow) bool { l, _ := b.MPLSLabels(fl); return len(l) > 0 }
	}
	v := pick(w.r, []uint32{174, 553, 1})
	return fmt.Sprint("mpls ", v), func(b *flow.Batch, fl *flow.Flow) bool { l, _ := b.MPLSLabels(fl); return slices.Contains(l, v) }
}

func presence(w *writer) (string, meaning) {
	f := pick(w.r, []flow.Field{flow.FieldSrcAS, flow.FieldBytes, flow.FieldASPath, flow.FieldNote, flow.FieldInIfName, flow.FieldNATSrcAddr, flow.FieldSrcCountry, flow.FieldSrcMAC, flow.FieldMED})
	if w.yes(6) {
		return "has risk_score", func(b *flow.Batch, fl *flow.Flow) bool { _, ok := extRisk.Get(b, fl); return ok }
	}
	return "has " + f.Info().Name, func(b *flow.Batch, fl *flow.Flow) bool { return b.Has(fl, f) }
}

func twoFields(w *writer) (string, meaning) {
	cmp := func(op string, c int) bool {
		switch op {
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		case ">=":
			return c >= 0
		case "=":
			return c == 0
		}
		return c != 0
	}
	switch w.r.IntN(3) {
	case 0:
		f, g := pick(w.r, twinAddrFields), pick(w.r, twinAddrFields)
		op := pick(w.r, []string{"=", "!="})
		return f.Info().Name + " " + op + " " + g.Info().Name, func(b *flow.Batch, fl *flow.Flow) bool {
			x, ok := b.Addr(fl, f)
			y, both := b.Addr(fl, g)
			return ok && both && cmp(op, bytes.Compare(x[:], y[:]))
		}
	case 1:
		op := pick(w.r, []string{"=", "!="})
		return "in_if_name " + op + " out_if_name", func(b *flow.Batch, fl *flow.Flow) bool {
			return b.Has(fl, flow.FieldInIfName) && b.Has(fl, flow.FieldOutIfName) && cmp(op, strings.Compare(text(b, fl, flow.FieldInIfName), text(b, fl, flow.FieldOutIfName)))
		}
	}
	fs := []flow.Field{flow.FieldSrcPort, flow.FieldDstPort, flow.FieldNATSrcPort, flow.FieldBytesOut, flow.FieldSrcAS, flow.FieldDstAS, flow.FieldTTL, flow.FieldBytes, flow.FieldMED}
	f, g := pick(w.r, fs), pick(w.r, fs)
	op := pick(w.r, []string{"<", "<=", ">", ">=", "=", "!="})
	return f.Info().Name + " " + op + " " + g.Info().Name, func(b *flow.Batch, fl *flow.Flow) bool {
		x, ok := b.Uint(fl, f)
		y, both := b.Uint(fl, g)
		c := 0
		if x < y {
			c = -1
		} else if x > y {
			c = 1
		}
		return ok && both && cmp(op, c)
	}
}

func texts(w *writer) (string, meaning) {
	f := pick(w.r, []flow.Field{flow.FieldAppName, flow.FieldNote, flow.FieldSrcHostName, flow.FieldInIfName, flow.FieldOutIfDesc})
	name, of := f.Info().Name, func(b *flow.Batch, fl *flow.Flow) string { return text(b, fl, f) }
	if w.yes(5) {
		name, of = "zone", func(b *flow.Batch, fl *flow.Flow) string {
			sym, _ := extZone.Get(b, fl)
			return b.Symbols().String(sym)
		}
	}
	v := pick(w.r, twinNames)
	test := func(in func(string) bool) meaning {
		return func(b *flow.Batch, fl *flow.Flow) bool { return in(of(b, fl)) }
	}
	switch w.r.IntN(6) {
	case 0, 1:
		return name + pick(w.r, []string{" = ", " == "}) + strconv.Quote(v), test(func(s string) bool { return s == v })
	case 2:
		return name + " != " + strconv.Quote(v), test(func(s string) bool { return s != v })
	case 3:
		vs := some(w.r, twinNames, 4)
		words := make([]string, len(vs))
		for i := range vs {
			words[i] = strconv.Quote(vs[i])
		}
		return name + " in " + w.list(words), test(func(s string) bool { return slices.Contains(vs, s) })
	case 4:
		part := pick(w.r, []string{"0", "/", "", ".", "1"})
		return name + " contains " + strconv.Quote(part), test(func(s string) bool { return strings.Contains(s, part) })
	}
	re := pick(w.r, []string{"^hu", "[0-9]$", "^$", "a.b", "(?i)^TE", "^(dns|http)$", "Ä"})
	x := regexp.MustCompile(re)
	neg := w.yes(3)
	op := " =~ "
	if neg {
		op = " !~ "
	}
	return name + op + strconv.Quote(re), test(x.MatchString).unless(neg)
}

func macs(w *writer) (string, meaning) {
	ms := some(w.r, twinMACs, 2)
	op := ms[0]
	if w.yes(2) {
		op = "in " + w.list(ms)
	} else {
		ms = ms[:1]
	}
	test := func(f flow.Field) meaning {
		return func(b *flow.Batch, fl *flow.Flow) bool {
			v, ok := b.Uint(fl, f)
			return ok && slices.Contains(ms, flow.MACFromUint64(v).String())
		}
	}
	return w.side("mac "+op, test(flow.FieldSrcMAC), test(flow.FieldDstMAC))
}

func protocol(w *writer) (string, meaning) {
	name := pick(w.r, []string{"tcp", "udp", "icmp", "icmp6"})
	proto := map[string]uint8{"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58}[name]
	is := func(_ *flow.Batch, fl *flow.Flow) bool { return fl.Proto == proto }
	if name != "tcp" && name != "udp" || w.yes(2) {
		return name, is
	}
	p, q := pick(w.r, twinPorts), pick(w.r, twinPorts)
	in := func(v uint16) bool { return uint64(v) == p }
	term := fmt.Sprint("port ", p)
	switch w.r.IntN(3) {
	case 0:
		in = func(v uint16) bool { return uint64(v) == p || uint64(v) == q }
		term = fmt.Sprintf("port in [%d %d]", p, q)
	case 1:
		p, q := min(p, q), max(p, q)
		in = func(v uint16) bool { return p <= uint64(v) && uint64(v) <= q }
		term = fmt.Sprintf("portrange %d-%d", p, q)
	}
	term, ports := w.side(term,
		func(_ *flow.Batch, fl *flow.Flow) bool { return in(fl.SrcPort) },
		func(_ *flow.Batch, fl *flow.Flow) bool { return in(fl.DstPort) })
	return name + " " + term, func(b *flow.Batch, fl *flow.Flow) bool { return is(b, fl) && ports(b, fl) }
}

// carried leaves out what a list of values begins with.
func carried(w *writer) (string, meaning) {
	p, q := pick(w.r, twinPorts), pick(w.r, twinPorts)
	return fmt.Sprintf("(tcp dst port %d or %d)", p, q), func(_ *flow.Batch, fl *flow.Flow) bool {
		return fl.Proto == 6 && (uint64(fl.DstPort) == p || uint64(fl.DstPort) == q)
	}
}

var twinTerms = []func(*writer) (string, meaning){
	addressTerm(flow.FieldSrcAddr, flow.FieldDstAddr, "address"),
	addressTerm(flow.FieldExporter, 0, "router"),
	addressTerm(flow.FieldNextHop, 0, "nexthop"),
	addressTerm(flow.FieldNATSrcAddr, flow.FieldNATDstAddr, "nat ip", "nat address"),
	addressTerm(flow.FieldInnerSrcAddr, flow.FieldInnerDstAddr, "inner address"),
	sided(twinPorts, flow.FieldSrcPort, flow.FieldDstPort, "port"),
	sided(twinAS, flow.FieldSrcAS, flow.FieldDstAS, "asn", "as"),
	sided(twinAS, flow.FieldInIf, flow.FieldOutIf, "iface", "interface id"),
	sided(twinLengths, flow.FieldSrcPrefixLen, flow.FieldDstPrefixLen, "netsize"),
	sided(twinAS, flow.FieldIngressVRF, flow.FieldEgressVRF, "vrf"),
	anyOf(twinAS, "cid", flow.FieldCustomerID, flow.FieldSrcCustomerID, flow.FieldDstCustomerID),
	anyOf([]uint64{1, 2, 10, 100, 4095}, "vlan", flow.FieldVLAN, flow.FieldSrcVLAN, flow.FieldDstVLAN),
	plain(twinAS, false, number(flow.FieldSrcCustomerID), "src cid", "src_cid"),
	plain(twinBig, true, number(flow.FieldBytes), "bytes"),
	plain(twinBig, true, number(flow.FieldPackets), "packets"),
	plain(twinBig, true, number(flow.FieldBytesOut), "bytes_out"),
	plain(twinBytes, false, number(flow.FieldTOS), "iptos"),
	plain(twinAS, false, number(flow.FieldSamplingRate), "samplingrate"),
	plain(twinAS, false, number(flow.FieldMED), "med"),
	plain(twinAS, false, number(flow.FieldLocalPref), "localpref"),
	plain(twinAS, false, number(flow.FieldNextHopAS), "nexthopasn"),
	plain(twinBytes, false, number(flow.FieldTTL), "ttl"),
	plain(twinBytes, false, number(flow.FieldMinTTL), "min ttl"),
	plain(twinPorts, false, number(flow.FieldInnerDstPort), "inner dst port"),
	plain([]uint64{0, 1, 10, 46, 48, 63}, false, func(_ *flow.Batch, fl *flow.Flow) uint64 { return uint64(fl.TOS >> 2) }, "dscp"),
	plain([]uint64{0, 1, 2, 3}, false, func(_ *flow.Batch, fl *flow.Flow) uint64 { return uint64(fl.TOS & 3) }, "ecn"),
	plain(twinFields[flow.FieldForwardingStatus], false, number(flow.FieldForwardingStatus), "status"),
	plain(twinProtos, false, number(flow.FieldProto), "proto"),
	func(w *writer) (string, meaning) {
		text, in, neg := w.numbers(twinPorts, false)
		if r, _, _ := strings.Cut(text, " "); !slices.Contains([]string{"<", "<=", ">", ">=", "=", "==", "!=", "in"}, r) {
			text, in, neg = "= 80", func(v uint64) bool { return v == 80 }, false
		}
		return "risk_score " + text, meaning(func(b *flow.Batch, fl *flow.Flow) bool { v, _ := extRisk.Get(b, fl); return in(uint64(v)) }).unless(neg)
	},
	named("proto", number(flow.FieldProto), map[string]func(uint64) bool{"tcp": is(6), "udp": is(17), "icmp": is(1), "icmpv6": is(58), "ipip": is(4, 94), "gre": is(47), "in [tcp udp 47]": is(6, 17, 47)}),
	named("etype", number(flow.FieldEtherType), map[string]func(uint64) bool{"ipv4": is(0x800), "ipv6": is(0x86dd), "arp": is(0x806), "0x8847": is(0x8847)}),
	named("status", number(flow.FieldForwardingStatus), map[string]func(uint64) bool{
		"forwarded": between(64, 127), "dropped": between(128, 191), "consumed": between(192, 255), "unknown": between(0, 63),
		"acldeny": is(129), "acldrop": is(130), "unroutable": is(131), "policerdrop": is(138),
	}),
	named("", number(flow.FieldDirection), map[string]func(uint64) bool{"incoming": is(0), "direction incoming": is(0), "outgoing": is(1)}),
	named("", number(flow.FieldNormalized), map[string]func(uint64) bool{"normalized": is(1)}),
	named("", func(*flow.Batch, *flow.Flow) uint64 { return 0 }, map[string]func(uint64) bool{"any": is(0), "()": is(0), "not any": is(1)}),
	named("dscp", func(_ *flow.Batch, fl *flow.Flow) uint64 { return uint64(fl.TOS >> 2) }, map[string]func(uint64) bool{"ef": is(46), "default": is(0), "af11": is(10), "cs6": is(48)}),
	ratio("bps", twinBig[:len(twinBig)-1], func(fl *flow.Flow) (num, scale, den uint64) { return fl.Bytes, 8e9, uint64(fl.Duration()) }),
	ratio("pps", twinBig[:len(twinBig)-1], func(fl *flow.Flow) (num, scale, den uint64) { return fl.Packets, 1e9, uint64(fl.Duration()) }),
	ratio("bpp", twinBig[:len(twinBig)-1], func(fl *flow.Flow) (num, scale, den uint64) { return fl.Bytes, 1, fl.Packets }),
	duration, flags, icmp, interfaceName, interfaceSpeed, country, rpki, paths, presence, twoFields, texts, macs, protocol, carried,
}

// expr writes a chain of up to five terms without brackets, and works out how
// it binds.
func (w *writer) expr(depth int) (string, meaning) {
	var ms []meaning
	var ors []bool
	var sb strings.Builder
	for i := range 1 + w.r.IntN(5) {
		if i > 0 {
			or := w.yes(2)
			ors = append(ors, or)
			words := []string{" and ", " and ", " && ", " AND ", "\nand\n", " # or\n and "}
			if or {
				words = []string{" or ", " or ", " || ", " OR ", "\n or ", " or // and\n"}
			}
			sb.WriteString(pick(w.r, words))
		}
		text, m := w.item(depth)
		sb.WriteString(text)
		ms = append(ms, m)
	}
	return sb.String(), func(b *flow.Batch, fl *flow.Flow) bool {
		if !w.std {
			v := ms[len(ms)-1](b, fl)
			for i := len(ms) - 2; i >= 0; i-- {
				if ors[i] {
					v = ms[i](b, fl) || v
				} else {
					v = ms[i](b, fl) && v
				}
			}
			return v
		}
		any, all := false, true
		for i := range ms {
			all = all && ms[i](b, fl)
			if i == len(ors) || ors[i] {
				any, all = any || all, true
			}
		}
		return any
	}
}

func (w *writer) item(depth int) (string, meaning) {
	switch {
	case w.yes(6):
		text, m := w.item(depth)
		return pick(w.r, []string{"not ", "!", "NOT "}) + text, m.unless(true)
	case depth > 0 && w.yes(4):
		text, m := w.expr(depth - 1)
		return "(" + text + ")", m
	}
	return pick(w.r, w.terms)(w)
}

// TestTwins compares expressions with what the reference has them mean.
func TestTwins(t *testing.T) {
	const size, batches, seed = 256, 16, 1
	exprs := 4800
	if testing.Short() {
		exprs /= 10
	}
	world := newWorld(t, size)
	var bs []*flow.Batch
	for i := range batches {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		b := flow.NewOwner(flow.OwnerConfig{Size: size, Layout: world.layout, Symbols: world.b.Symbols()}).Begin(0, world.b.Deadline())
		for range size {
			fillRandom(r, b, b.Next())
		}
		bs = append(bs, b)
	}
	pairs, matches, failed := 0, 0, 0
	for i := range exprs {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		w := &writer{r: r, std: i%3 == 0, terms: some(r, twinTerms, 5)}
		expr, m := w.expr(2)
		opts := world.opts
		if w.std {
			opts = append(slices.Clip(opts), filter.Precedence(filter.Standard))
		}
		p, err := filter.Parse(expr, opts...)
		require.NoError(t, err, "seed %d/%d: %s", seed, i, expr)
		b := bs[i%batches]
		flows, rows := b.Raw()
		if i%8 == 7 { // a selection with gaps
			rows = slices.DeleteFunc(slices.Clone(rows), func(uint16) bool { return r.IntN(2) == 0 })
		}
		got := selected(t, p, b, rows)
		for _, row := range rows {
			fl := &flows[row]
			want := m(b, fl)
			if pairs++; got[row] {
				matches++
			}
			if got[row] != want || row%8 == 0 && p.MatchIn(b, fl) != want {
				failed++
				t.Errorf("seed %d/%d, standard precedence %t\n%s\nmeans %t; Selector says %t, MatchIn %t\n%s\n%s", seed, i, w.std, expr, want, got[row], p.MatchIn(b, fl), explain(p, world.layout), show(b, fl))
				break
			}
		}
		if failed == 5 {
			t.FailNow()
		}
		if i%8 == 0 {
			again, err := filter.Parse(p.String(), world.opts...)
			require.NoError(t, err, "seed %d/%d: %s", seed, i, p)
			for j := 0; j < size; j += 3 {
				if want := m(b, &flows[j]); again.MatchIn(b, &flows[j]) != want {
					t.Fatalf("seed %d/%d\n%s\nmeans %t, but not as\n%s\n%s", seed, i, expr, want, p, show(b, &flows[j]))
				}
			}
		}
	}
	t.Logf("%d expressions, %d pairs, %d matches", exprs, pairs, matches)
}

// TestSelectorsTravel has one selector filter batches of several pipelines: with
// other symbols for the same texts, and with fields in other columns or in none.
func TestSelectorsTravel(t *testing.T) {
	for _, expr := range []string{
		`iface name "hu"`, `application_name = "dns"`, `application_name in ["http" ""]`, `in_if_name =~ "1$"`, `in_if_name = out_if_name`, `zone = "dns"`,
		`not zone contains "e" and med <1000`, `has zone`, `has as_path or note = ""`, `bytes_out >1`, `nat ip 0.0.0.0/0`, `src iface desc "dns" or risk_score > 80`,
	} {
		w := newWorld(t, 1)
		p, err := filter.Parse(expr, w.opts...)
		require.NoError(t, err)
		sel, err := p.Compile(w.layout)
		require.NoError(t, err)
		for i := range uint64(6) {
			r := rand.New(rand.NewPCG(1, i%3))
			b := flow.NewOwner(flow.OwnerConfig{Size: 64, Layout: w.layout}).Begin(0, time.Time{})
			for _, j := range r.Perm(len(twinNames)) {
				b.Symbols().Intern(twinNames[j])
			}
			for range 64 {
				if fl := b.Next(); i%3 > 0 {
					fillRandom(r, b, fl)
				}
			}
			_, rows := b.Raw()
			var want []uint16
			for fl := range b.All() {
				if p.MatchIn(b, fl) {
					want = append(want, uint16(b.Index(fl)))
				}
			}
			got, _ := sel.Split(b, slices.Clone(rows))
			require.True(t, slices.Equal(want, got), "%s: %v, not %v", expr, got, want)
		}
	}
}

// TestTwinPrefixes holds the twin's own arithmetic against net/netip's.
func TestTwinPrefixes(t *testing.T) {
	for _, p := range twinPrefixes {
		for _, a := range twinAddrs {
			require.Equal(t, netip.MustParsePrefix(p).Contains(netip.MustParseAddr(a)), inPrefix(flow.MustParseAddr(a), p), "%s %s", p, a)
		}
	}
}
