package filter_test

import (
	"fmt"
	"math"
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

// Extensions and sets that the expressions of the tests may name.
var (
	extRisk  = flow.Extension[uint16]("risk_score")
	extZone  = flow.Extension[flow.Symbol]("zone")
	extLabel = flow.Extension[flow.Text]("label")
	extProxy = flow.Extension[flow.Addr]("proxy")
	extHops  = flow.Extension[flow.List]("hops")
	exts     = []flow.Extender{extRisk, extZone, extLabel, extProxy, extHops}
)

func testSets(tb testing.TB) []*filter.Set {
	var sets []*filter.Set
	for _, s := range [][]string{
		{"customers", "10.20.0.0/16", "2001:db8:20::/48", "192.0.2.7"},
		{"web", "80", "443", "8000-8999"},
		{"peers", "AS64500", "64510-64520"},
		{"eu", "DE", "fr"},
		{"macs", "02:00:00:00:00:01", "02-00-00-00-00-02"},
		{"apps", "dns", "HTTP"},
	} {
		set, err := filter.NewSet(s[0], s[1:]...)
		require.NoError(tb, err)
		sets = append(sets, set)
	}
	return sets
}

// world is a batch whose flows are given as text, see add.
type world struct {
	tb     testing.TB
	layout *flow.Layout
	b      *flow.Batch
	opts   []filter.Option
	bare   map[*flow.Flow]bool // flows that Match sees whole
}

func newWorld(tb testing.TB, size int) *world {
	layout, err := flow.NewLayout(exts...)
	require.NoError(tb, err)
	return &world{
		tb: tb, layout: layout,
		b:    flow.NewOwner(flow.OwnerConfig{Size: size, Layout: layout}).Begin(0, time.Time{}),
		opts: []filter.Option{filter.Extensions(exts...), filter.With(testSets(tb)...)},
		bare: map[*flow.Flow]bool{},
	}
}

var pair = regexp.MustCompile(`(\w+)=("[^"]*"|\S+)`)

// add makes a flow from pairs like `src_port=80 note="two words"`, with the names
// of the schema; "dur=10s" sets its first and last packet, "-" is the empty flow.
func (w *world) add(spec string) *flow.Flow {
	fl := w.b.Next()
	w.bare[fl] = true
	pairs := pair.FindAllStringSubmatch(spec, -1)
	require.Equal(w.tb, strings.Trim(spec, " -") == "", pairs == nil, "flow %q", spec)
	for _, p := range pairs {
		w.set(fl, p[1], strings.Trim(p[2], `"`))
	}
	return fl
}

func (w *world) set(fl *flow.Flow, name, value string) {
	if name == "dur" {
		d, err := time.ParseDuration(value)
		require.NoError(w.tb, err)
		fl.SetTimeStart(1.7e18)
		fl.SetTimeEnd(1.7e18 + int64(d))
		return
	}
	f, ok := w.layout.Lookup(name)
	require.True(w.tb, ok, "no field %s", name)
	kind := w.layout.Info(f).Kind
	w.bare[fl] = w.bare[fl] && !w.layout.Info(f).Column && kind != flow.KindSymbol
	switch kind {
	case flow.KindAddr:
		w.b.SetAddr(fl, f, flow.MustParseAddr(value))
	case flow.KindMAC:
		mac, err := flow.ParseMAC(value)
		require.NoError(w.tb, err)
		w.b.SetUint(fl, f, mac.Uint64())
	case flow.KindU32s:
		w.b.SetU32s(fl, f, u32s(w.tb, value))
	case flow.KindText, flow.KindSymbol, flow.KindCountry:
		require.True(w.tb, w.b.SetText(fl, f, value))
	default:
		v, err := strconv.ParseUint(value, 0, 64)
		require.NoError(w.tb, err)
		w.b.SetUint(fl, f, v)
	}
	require.True(w.tb, w.b.Has(fl, f), name)
}

// u32s reads a list like 1,2 with communities like 65000:1 in it.
func u32s(tb testing.TB, text string) []uint32 {
	var list []uint32
	for v := range strings.SplitSeq(text, ",") {
		hi, lo, community := strings.Cut(v, ":")
		n, err := strconv.ParseUint(hi, 10, 32)
		require.NoError(tb, err)
		if community {
			m, err := strconv.ParseUint(lo, 10, 16)
			require.NoError(tb, err)
			n = n<<16 | m
		}
		list = append(list, uint32(n))
	}
	return list
}

// selected returns which of the batch's flows a compiled predicate keeps.
func (w *world) selected(tb testing.TB, p filter.Predicate) []bool {
	_, rows := w.b.Raw()
	return selected(tb, p, w.b, rows)
}

// selected returns which rows of a selection Split and Apply keep.
func selected(tb testing.TB, p filter.Predicate, b *flow.Batch, rows []uint16) []bool {
	sel, err := p.Compile(b.Layout())
	require.NoError(tb, err)
	before := slices.Clone(rows)
	matched, rest := sel.Split(b, slices.Clone(before))
	got := make([]bool, b.Cap())
	for _, i := range matched {
		got[i] = true
	}
	want := slices.DeleteFunc(slices.Clone(before), func(i uint16) bool { return !got[i] })
	require.True(tb, slices.Equal(want, matched), "Split of %v", p)
	want = slices.DeleteFunc(slices.Clone(before), func(i uint16) bool { return got[i] })
	require.True(tb, slices.Equal(want, rest), "Split of %v", p)
	_, all := b.Raw()
	all = slices.Clone(all)
	b.SetRows(before)
	sel.Apply(b)
	_, kept := b.Raw()
	require.Equal(tb, matched, kept, "Apply of %v\n%s", p, explain(p, b.Layout()))
	b.SetRows(all)
	return got
}

// same fails the test with the first flow that is in one selection alone.
func same(t *testing.T, b *flow.Batch, x, y []bool, format string, args ...any) {
	t.Helper()
	flows, rows := b.Raw()
	for _, i := range rows {
		if x[i] != y[i] {
			t.Fatalf("%t and %t of %s\n%s", x[i], y[i], show(b, &flows[i]), fmt.Sprintf(format, args...))
		}
	}
}

// explain is what Explain tells, for messages.
func explain(p filter.Predicate, l *flow.Layout) string {
	text, err := p.Explain(l)
	if err != nil {
		text = err.Error()
	}
	return fmt.Sprintf("%v\n%s", p, text)
}

// row is an expression with flows that match it and flows that do not, set apart
// by "|".
type row struct{ expr, is, not string }

func (r row) flows(want bool) []string {
	text := r.not
	if want {
		text = r.is
	}
	if text == "" {
		return nil
	}
	return strings.Split(text, "|")
}

func TestMeaning(t *testing.T) {
	w := newWorld(t, 1<<13)
	type own struct {
		fl   *flow.Flow
		spec string
		want bool
	}
	owns := make([][]own, len(meanings))
	for i, r := range meanings {
		for _, want := range []bool{true, false} {
			for _, spec := range r.flows(want) {
				owns[i] = append(owns[i], own{w.add(spec), spec, want})
			}
		}
	}
	flows, _ := w.b.Raw()
	for i, r := range meanings {
		t.Run(r.expr, func(t *testing.T) {
			p, err := filter.Parse(r.expr, w.opts...)
			require.NoError(t, err)
			require.NoError(t, filter.Expr(r.expr, w.opts...).Err())
			got := w.selected(t, p)
			for _, o := range owns[i] {
				if got := p.MatchIn(w.b, o.fl); got != o.want {
					t.Errorf("MatchIn says %t of %s", got, o.spec)
				}
				if got := got[w.b.Index(o.fl)]; got != o.want {
					t.Errorf("Selector says %t of %s\n%s", got, o.spec, explain(p, w.layout))
				}
			}
			for j := range flows {
				fl := &flows[j]
				if p.MatchIn(w.b, fl) != got[j] {
					t.Fatalf("Selector says %t, MatchIn %t of %s\n%s", got[j], !got[j], show(w.b, fl), explain(p, w.layout))
				}
				if w.bare[fl] && p.Match(fl) != got[j] {
					t.Fatalf("Selector says %t, Match %t of %s", got[j], !got[j], show(w.b, fl))
				}
			}
			again, err := filter.Parse(p.String(), w.opts...)
			require.NoError(t, err, "String()")
			require.Equal(t, p.String(), again.String())
			same(t, w.b, got, w.selected(t, again), "Parse(%v)", p)
		})
	}
}

// TestPrecedence has the same words mean two things.
func TestPrecedence(t *testing.T) {
	w := newWorld(t, 64)
	for _, r := range []struct{ expr, flow, right, standard string }{
		{`proto tcp and port 80 or port 443`, `proto=17 dst_port=443`, `no`, `yes`},
		{`proto tcp and port 80 or port 443`, `proto=6 dst_port=443`, `yes`, `yes`},
		{`proto tcp && port 80 || port 443`, `proto=17 dst_port=443`, `no`, `yes`},
		{`proto tcp or port 80 and port 443`, `proto=6`, `yes`, `yes`},
		{`proto tcp or port 80 and port 443`, `src_port=80`, `no`, `no`},
		{`proto tcp and port 80 or port 443 and bytes 1`, `src_port=443 bytes=1`, `no`, `yes`},
		{`proto tcp and port 80 or port 443 and bytes 1`, `proto=6 src_port=443`, `no`, `no`},
		{`proto tcp and port 80 or port 443 and bytes 1`, `proto=6 src_port=80`, `yes`, `yes`},
		{`port 80 or proto tcp and port 443 or bytes 1`, `bytes=1`, `no`, `yes`},
		{`port 80 or proto tcp and port 443 or bytes 1`, `proto=6 bytes=1`, `yes`, `yes`},
		{`not proto tcp and port 80 or port 443`, `proto=6 dst_port=443`, `no`, `yes`},
		{`(proto tcp and port 80) or port 443`, `proto=17 dst_port=443`, `yes`, `yes`},
		{`proto tcp and (port 80 or port 443)`, `proto=17 dst_port=443`, `no`, `no`},
		{`proto tcp and port 80 or`, `proto=17`, `no`, `yes`},
	} {
		fl := w.add(r.flow)
		for order, want := range map[filter.Order]string{filter.RightToLeft: r.right, filter.Standard: r.standard} {
			p, err := filter.Parse(r.expr, filter.Precedence(order))
			require.NoError(t, err)
			require.Equal(t, want == "yes", p.MatchIn(w.b, fl), "%s on %s, order %d", r.expr, r.flow, order)
			require.Equal(t, want == "yes", w.selected(t, p)[w.b.Index(fl)], "%s on %s, order %d", r.expr, r.flow, order)
			again, err := filter.Parse(p.String())
			require.NoError(t, err)
			require.Equal(t, want == "yes", again.MatchIn(w.b, fl), "%s read as %s", r.expr, p)
		}
	}
}

// show returns all that a flow holds.
func show(b *flow.Batch, fl *flow.Flow) string {
	var sb strings.Builder
	for _, f := range append(flow.Fields(), b.Layout().Extensions()...) {
		if !b.Has(fl, f) {
			continue
		}
		var v any
		switch info := b.Layout().Info(f); info.Kind {
		case flow.KindAddr:
			v, _ = b.Addr(fl, f)
		case flow.KindU32s:
			v, _ = b.U32s(fl, f)
		case flow.KindAddrs:
			v, _ = b.Addrs(fl, f)
		case flow.KindText, flow.KindSymbol, flow.KindCountry:
			text, _ := b.Text(fl, f)
			v = strconv.Quote(string(text))
		case flow.KindMAC:
			n, _ := b.Uint(fl, f)
			v = flow.MACFromUint64(n)
		default:
			v, _ = b.Uint(fl, f)
		}
		fmt.Fprintf(&sb, "%s=%v ", b.Layout().Info(f).Name, v)
	}
	return "flow " + sb.String()
}

const maxUint64 = uint64(math.MaxUint64)

var meanings = []row{
	// Structure.
	{``, `- | proto=6`, ``},
	{"  \t ", `- | proto=6`, ``},
	{`any`, `- | proto=6`, ``},
	{`()`, `- | proto=6`, ``},
	{`not ()`, ``, `- | proto=6`},
	{`proto tcp and`, `proto=6`, `- | proto=17`},
	{`proto tcp or`, `- | proto=6 | proto=17`, ``},
	{`not proto tcp and`, `- | proto=17`, `proto=6`},
	{`(proto tcp)`, `proto=6`, `- | proto=17`},
	{`((proto tcp))`, `proto=6`, `proto=17`},
	{`(proto tcp or) and port 80`, `src_port=80`, `proto=6`},
	{`not not proto tcp`, `proto=6`, `- | proto=17`},
	{`not (proto tcp or proto udp)`, `- | proto=1`, `proto=6 | proto=17`},
	{`proto tcp and port 80 or port 443`, `proto=6 dst_port=80 | proto=6 src_port=443`, `proto=17 dst_port=443 | dst_port=443 | proto=6`},
	{`proto tcp or port 80 and port 443`, `proto=6 | src_port=80 dst_port=443`, `dst_port=443 | dst_port=80`},
	{`port 1 and port 2 or port 3 and port 4`, `src_port=1 dst_port=2`, `src_port=3 dst_port=4 | src_port=1 dst_port=3 | src_port=1`},
	{`proto tcp && port 80 || port 443`, `proto=6 dst_port=80 | proto=6 dst_port=443`, `dst_port=443 | proto=17 dst_port=80`},
	{`!proto tcp`, `- | proto=17`, `proto=6`},
	{`! proto tcp && ! port 80`, `- | proto=17 src_port=1`, `proto=6 | dst_port=80`},
	{`!(port 80 || port 443)`, `src_port=1`, `dst_port=443 | src_port=80`},
	{`PROTO TCP AND NOT (PORT 80 OR PORT 443)`, `proto=6 dst_port=8`, `proto=6 dst_port=443 | -`},
	{`Proto Tcp And Port 80`, `proto=6 dst_port=80`, `proto=6 | dst_port=80`},
	{"proto tcp\nand\r\n\tport 80\n", `proto=6 dst_port=80`, `proto=6 | dst_port=80`},
	{"# web\nproto tcp # the protocol\nand port 80 // or port 443\n// and port 1", `proto=6 dst_port=80`, `proto=6 | proto=6 dst_port=443`},
	{"proto tcp #and port 80", `proto=6`, `dst_port=80`},
	{"# nothing", `- | proto=6`, ``},
	{`iface desc "# not // a comment"`, `in_if_desc="is # not // a comment x"`, `in_if_desc="is" | -`},

	// Addresses.
	{`address 10.0.0.1`, `src_addr=10.0.0.1 | dst_addr=10.0.0.1 | src_addr=10.0.0.2 dst_addr=10.0.0.1`, `- | src_addr=10.0.0.2 | sampler_address=10.0.0.1 | next_hop=10.0.0.1`},
	{`src address 10.0.0.1`, `src_addr=10.0.0.1 dst_addr=1.1.1.1`, `dst_addr=10.0.0.1 | -`},
	{`dst address 10.0.0.1`, `dst_addr=10.0.0.1`, `src_addr=10.0.0.1 | -`},
	{`address 10.0.0.0/8`, `src_addr=10.255.255.255 | dst_addr=10.0.0.0`, `src_addr=11.0.0.0 | src_addr=9.255.255.255 | - | src_addr=a00::`},
	{`address 10.1.2.3/8`, `src_addr=10.200.0.1`, `src_addr=11.1.2.3`},
	{`address 1.0.0.1/0`, `src_addr=200.0.0.1`, `- | src_addr=2001:db8::1 dst_addr=::1`},
	{`address 0.0.0.0/0`, `src_addr=10.0.0.1 | dst_addr=255.255.255.255 | src_addr=::1 dst_addr=0.0.0.0`, `- | src_addr=::1 | src_addr=2001:db8::1 dst_addr=fe80::1`},
	{`not address 0.0.0.0/0`, `- | src_addr=::1`, `src_addr=10.0.0.1`},
	{`address ::/0`, `src_addr=::1 | dst_addr=ffff::`, `- | src_addr=10.0.0.1 dst_addr=0.0.0.0`},
	{`not address ::/0`, `- | src_addr=10.0.0.1`, `src_addr=::1 | src_addr=10.0.0.1 dst_addr=::1`},
	{`address ::/1`, `src_addr=::1 | src_addr=7fff::1`, `src_addr=8000:: | src_addr=10.0.0.1 | -`},
	{`address ::/64`, `src_addr=::1`, `src_addr=10.0.0.1 | src_addr=0:0:0:1::`},
	{`address ::1`, `src_addr=::1 | dst_addr=::1`, `src_addr=::2 | src_addr=0:0:0:1:: | src_addr=0.0.0.1 | -`},
	{`address fd::1`, `src_addr=fd::1`, `src_addr=fd::2`},
	{`address de::1`, `src_addr=de::1`, `src_addr=fd::2`},
	{`address 2001:7C0:0:254::/64`, `dst_addr=2001:7c0:0:254::6`, `dst_addr=2001:7c0:0:255::6 | -`},
	{`dst address 2001:db8:efef::affe:1/48`, `dst_addr=2001:db8:efef:1::`, `dst_addr=2001:db8:efee:: | src_addr=2001:db8:efef::1`},
	{`address 2001:db8::1/128`, `src_addr=2001:db8::1`, `src_addr=2001:db8::`},
	{`address 255.255.255.255`, `dst_addr=255.255.255.255`, `dst_addr=255.255.255.254`},
	{`address 128.0.0.0/1`, `dst_addr=200.0.0.1`, `dst_addr=127.255.255.255 | -`},
	{`not address 10.0.0.1`, `- | src_addr=10.0.0.2 dst_addr=10.0.0.3`, `dst_addr=10.0.0.1 src_addr=10.0.0.2`},
	{`address 10.0.0.200 or address 8.8.8.8`, `src_addr=10.0.0.200 | dst_addr=8.8.8.8`, `src_addr=8.8.4.4 | -`},
	{`address = 10.0.0.1`, `dst_addr=10.0.0.1`, `- | dst_addr=10.0.0.2`},
	{`address != 10.0.0.1`, `- | src_addr=10.0.0.2 dst_addr=10.0.0.3`, `src_addr=10.0.0.1 dst_addr=10.0.0.2`},
	{`host 10.0.0.1`, `src_addr=10.0.0.1 | dst_addr=10.0.0.1`, `- | src_addr=10.0.0.2`},
	{`src host 10.0.0.1`, `src_addr=10.0.0.1`, `dst_addr=10.0.0.1`},
	{`dst host 2001:db8::1`, `dst_addr=2001:db8::1`, `src_addr=2001:db8::1`},
	{`host 10.0.0.1 or 10.0.0.2`, `src_addr=10.0.0.1 | dst_addr=10.0.0.2`, `- | src_addr=10.0.0.3`},
	{`src host 10.0.0.1 or 10.0.0.2`, `src_addr=10.0.0.2`, `dst_addr=10.0.0.2`},
	{`src or dst host 10.0.0.1`, `src_addr=10.0.0.1 | dst_addr=10.0.0.1`, `-`},
	{`dst or src host 10.0.0.1`, `src_addr=10.0.0.1 | dst_addr=10.0.0.1`, `-`},
	{`src and dst host 10.0.0.1`, `src_addr=10.0.0.1 dst_addr=10.0.0.1`, `src_addr=10.0.0.1 | dst_addr=10.0.0.1`},
	{`src and dst net 10.0.0.0/8`, `src_addr=10.0.0.1 dst_addr=10.9.0.1`, `src_addr=10.0.0.1 dst_addr=11.0.0.1 | src_addr=10.0.0.1`},
	{`not src and dst net 10.0.0.0/8`, `- | src_addr=10.0.0.1 dst_addr=11.0.0.1`, `src_addr=10.0.0.1 dst_addr=10.9.0.1`},
	{`net 10.0.0.0/8`, `src_addr=10.9.0.1`, `src_addr=11.9.0.1`},
	{`net 10.0.0.0/8 or 192.168.0.0/16`, `src_addr=10.9.0.1 | dst_addr=192.168.9.9`, `src_addr=192.169.0.0`},
	{`dst net 2001:db8::/32`, `dst_addr=2001:db8:9::1`, `src_addr=2001:db8:9::1 | dst_addr=2001:db9::`},
	{`net 10.1.0.0 mask 255.255.0.0`, `src_addr=10.1.255.1`, `src_addr=10.2.0.0`},
	{`net 10.1.0.0 255.255.0.0`, `src_addr=10.1.255.1`, `src_addr=10.2.0.0`},
	{`net 10`, `src_addr=10.1.255.1`, `src_addr=11.0.0.10`},
	{`net 192.168`, `src_addr=192.168.255.1`, `src_addr=192.169.0.0`},
	{`src net 192.168.1`, `src_addr=192.168.1.255`, `src_addr=192.168.2.0 | dst_addr=192.168.1.1`},
	{`ip 10.0.0.1`, `src_addr=10.0.0.1 | dst_addr=10.0.0.1`, `- | src_addr=10.0.0.2`},
	{`src ip 10.0.0.1 and dst ip 10.0.0.2`, `src_addr=10.0.0.1 dst_addr=10.0.0.2`, `src_addr=10.0.0.2 dst_addr=10.0.0.1`},
	{`ip`, `etype=0x800 src_addr=10.0.0.1 dst_addr=10.0.0.2`, `etype=0x86dd src_addr=::1 dst_addr=::2 | etype=0x806`},
	{`ip6`, `etype=0x86dd src_addr=::1 dst_addr=::2`, `etype=0x800 src_addr=10.0.0.1 dst_addr=10.0.0.2 | etype=0x806`},
	{`ip host 10.0.0.1`, `etype=0x800 src_addr=10.0.0.1`, `etype=0x800 src_addr=10.0.0.2`},
	{`ip6 host 2001:db8::1`, `etype=0x86dd src_addr=2001:db8::1`, `etype=0x86dd src_addr=2001:db8::2`},
	{`ip6 net 2001:db8::/32`, `etype=0x86dd src_addr=2001:db8::1`, `etype=0x86dd src_addr=2001:db9::2`},
	{`ip proto 6`, `etype=0x800 proto=6`, `etype=0x800 proto=17 | etype=0x86dd proto=6`},
	{`address in [10.0.0.1 10.0.1.0/24, 2001:db8::/32]`, `src_addr=10.0.0.1 | dst_addr=10.0.1.77 | src_addr=2001:db8::9`, `- | src_addr=10.0.0.2 | src_addr=2001:db9::`},
	{`src ip in [10.0.0.1 10.0.1.0/24]`, `src_addr=10.0.1.77`, `dst_addr=10.0.1.77 | -`},
	{`ip in (10.0.0.1, 10.0.0.2)`, `dst_addr=10.0.0.2`, `dst_addr=10.0.0.3 | -`},
	{`src and dst address in [10.0.0.0/24 10.0.2.0/24]`, `src_addr=10.0.0.1 dst_addr=10.0.2.1`, `src_addr=10.0.0.1 dst_addr=10.0.1.1`},
	{`not ip in [10.0.0.0/8]`, `- | src_addr=11.0.0.1`, `dst_addr=10.0.0.1`},
	{`ip not in [10.0.0.0/8]`, `- | src_addr=11.0.0.1`, `dst_addr=10.0.0.1 src_addr=11.0.0.1`},
	{`address in [8000::/1 fe80::/10 ffff::1]`, `src_addr=ffff::2 | dst_addr=fe80::1 | src_addr=8000::`, `- | src_addr=7fff::1 | src_addr=200.0.0.1`},
	{`address in [0.0.0.0/0 ::/0]`, `src_addr=1.1.1.1 | src_addr=::1`, `-`},
	{`address in @customers`, `src_addr=10.20.3.4 | dst_addr=2001:db8:20:9::1 | dst_addr=192.0.2.7`, `- | src_addr=10.21.0.0 | src_addr=192.0.2.8`},
	{`src address in @customers and not dst address in @customers`, `src_addr=10.20.3.4 dst_addr=8.8.8.8`, `src_addr=10.20.3.4 dst_addr=192.0.2.7 | dst_addr=10.20.3.4`},
	{`router 10.0.0.1`, `sampler_address=10.0.0.1`, `- | src_addr=10.0.0.1 | sampler_address=10.0.0.2`},
	{`router 10.0.0.0/8`, `sampler_address=10.0.0.1`, `- | sampler_address=11.0.0.2`},
	{`router in [10.0.0.1 2001:db8::/32]`, `sampler_address=10.0.0.1 | sampler_address=2001:db8::1`, `- | sampler_address=11.0.0.2`},
	{`router in @customers`, `sampler_address=10.20.0.1`, `- | sampler_address=11.0.0.2`},
	{`nexthop 10.11.0.1`, `next_hop=10.11.0.1`, `- | next_hop=10.11.0.2 | bgp_next_hop=10.11.0.1`},
	{`nexthop 2001:db8::/32`, `next_hop=2001:db8::1`, `- | next_hop=10.11.0.2`},
	{`nat src ip 10.0.0.1`, `nat_src_addr=10.0.0.1`, `- | src_addr=10.0.0.1 | nat_dst_addr=10.0.0.1`},
	{`nat ip 10.0.0.0/8`, `nat_src_addr=10.0.0.1 | nat_dst_addr=10.1.0.0`, `- | src_addr=10.0.0.1`},
	{`nat ip in [10.0.0.1 10.0.0.2]`, `nat_dst_addr=10.0.0.2`, `- | nat_dst_addr=10.0.0.3 | dst_addr=10.0.0.2`},
	{`nat dst port 80`, `nat_dst_port=80`, `- | dst_port=80 | nat_src_port=80`},
	{`nat port 1024-2047`, `nat_src_port=1024 | nat_dst_port=2047`, `- | src_port=1024`},
	{`inner src ip 10.0.0.1`, `inner_src_addr=10.0.0.1`, `- | src_addr=10.0.0.1 | inner_dst_addr=10.0.0.1`},
	{`inner ip 2001:db8::/32`, `inner_dst_addr=2001:db8::1`, `- | dst_addr=2001:db8::1`},
	{`inner dst port 53`, `inner_dst_port=53`, `- | dst_port=53 | inner_src_port=53`},

	// Ports.
	{`port 80`, `src_port=80 | dst_port=80 | src_port=1 dst_port=80`, `- | src_port=8 | nat_src_port=80`},
	{`port 0`, `- | src_port=0 dst_port=1 | proto=17 | dst_port=9`, `src_port=1 dst_port=1`},
	{`not port 80`, `- | src_port=1 dst_port=2`, `src_port=80 | src_port=1 dst_port=80`},
	{`src port 80`, `src_port=80`, `dst_port=80 | -`},
	{`dst port 42`, `dst_port=42`, `src_port=42 | -`},
	{`port <1024`, `- | src_port=1023 dst_port=5000 | dst_port=5000`, `src_port=1024 dst_port=1024`},
	{`port <1`, `- | dst_port=1024`, `src_port=1 dst_port=1`},
	{`port <0`, ``, `- | src_port=80`},
	{`port >1023`, `src_port=1024 | dst_port=65535`, `- | src_port=1023 dst_port=1023`},
	{`port > 65534`, `src_port=65535`, `src_port=65534`},
	{`port 80-90`, `src_port=80 | dst_port=90 | src_port=85`, `- | src_port=79 dst_port=91`},
	{`port 80 - 90`, `src_port=80 | dst_port=90`, `- | src_port=79 dst_port=91`},
	{`port 1 -4`, `src_port=4`, `- | src_port=5`},
	{`port 80..90`, `src_port=80 | dst_port=90`, `- | src_port=79 dst_port=91`},
	{`port 1024-1024`, `src_port=1024`, `src_port=1025`},
	{`port 0-65535`, `- | src_port=80`, ``},
	{`src port 500-5000`, `src_port=500 | src_port=5000`, `dst_port=500 | src_port=499 | src_port=5001`},
	{`not src port 500-5000`, `dst_port=500 | src_port=499`, `src_port=500`},
	{`port 0x50`, `src_port=80`, `src_port=50`},
	{`port 0b1010000`, `src_port=80`, `src_port=8`},
	{`port 0o120`, `src_port=80`, `src_port=120`},
	{`src port 0b1-0x23`, `src_port=1 | src_port=35`, `src_port=36 | -`},
	{`port = 80`, `src_port=80 | dst_port=80`, `- | src_port=81`},
	{`port == 80`, `src_port=80 | dst_port=80`, `- | src_port=81`},
	{`port eq 80`, `src_port=80 | dst_port=80`, `- | src_port=81`},
	{`port != 80`, `- | src_port=81 dst_port=82`, `src_port=80 | src_port=81 dst_port=80`},
	{`port ne 80`, `- | src_port=81 dst_port=82`, `src_port=80 | src_port=81 dst_port=80`},
	{`src port != 80`, `- | dst_port=80`, `src_port=80`},
	{`port >= 1024`, `src_port=1024 | dst_port=2000`, `- | src_port=1023 dst_port=1023`},
	{`port ge 1024`, `src_port=1024`, `- | src_port=1023`},
	{`port gt 1024`, `src_port=1025`, `src_port=1024`},
	{`src port <= 1024`, `- | src_port=1024`, `src_port=1025`},
	{`src port le 1024`, `- | src_port=1024`, `src_port=1025`},
	{`src port lt 1024`, `- | src_port=1023`, `src_port=1024`},
	{`src port >=0`, `- | src_port=1024`, ``},
	{`port in [80 443 8000-8100]`, `src_port=80 | dst_port=443 | dst_port=8050`, `- | src_port=81 dst_port=8101`},
	{`port in [80, 443]`, `src_port=80 | dst_port=443`, `- | src_port=81`},
	{`port in (80 443)`, `src_port=80 | dst_port=443`, `- | src_port=81`},
	{`port in (80,443,1..3)`, `src_port=80 | dst_port=2`, `- | src_port=81`},
	{"dst port in [\n 80 # web\n 443 // tls\n]", `dst_port=443`, `src_port=443 | -`},
	{`dst port in @web`, `dst_port=80 | dst_port=8999`, `- | src_port=80 | dst_port=9000`},
	{`port in @web`, `src_port=8000 | dst_port=443`, `- | src_port=7999`},
	{`not port in @web`, `- | src_port=7999`, `src_port=8000 | dst_port=443`},
	{`portrange 80-90`, `src_port=80 | dst_port=90`, `- | src_port=79 dst_port=91`},
	{`src portrange 80-90`, `src_port=80`, `- | dst_port=80`},
	{`src and dst port >1023`, `src_port=1024 dst_port=1024`, `src_port=1024 dst_port=80 | dst_port=2000`},
	{`src and dst port 53`, `src_port=53 dst_port=53`, `src_port=53 | dst_port=53`},
	{`src or dst port 53`, `src_port=53 | dst_port=53`, `- | src_port=54`},
	{`tcp`, `proto=6`, `- | proto=17`},
	{`udp`, `proto=17`, `- | proto=6`},
	{`icmp`, `proto=1`, `- | proto=58`},
	{`icmp6`, `proto=58`, `- | proto=1`},
	{`tcp or udp`, `proto=6 | proto=17`, `- | proto=1`},
	{`tcp port 80`, `proto=6 src_port=80 | proto=6 dst_port=80`, `proto=17 dst_port=80 | dst_port=80 | proto=6`},
	{`tcp dst port 80`, `proto=6 dst_port=80`, `proto=6 src_port=80 | proto=17 dst_port=80`},
	{`tcp port 80 or 443`, `proto=6 src_port=80 | proto=6 dst_port=443`, `proto=17 dst_port=443 | dst_port=80 | proto=6`},
	{`tcp dst port 80 or 443 or 8080`, `proto=6 dst_port=8080`, `proto=17 dst_port=8080 | proto=6 src_port=80`},
	{`tcp portrange 80-90`, `proto=6 src_port=80 | proto=6 dst_port=90`, `proto=17 dst_port=80 | proto=6`},
	{`udp src portrange 1000-2000`, `proto=17 src_port=2000`, `proto=17 dst_port=2000 | proto=6 src_port=2000`},
	{`udp port 53 and not host 10.0.0.1`, `proto=17 dst_port=53 | proto=17 src_port=53 src_addr=10.0.0.2`, `proto=17 dst_port=53 src_addr=10.0.0.1 | proto=6 dst_port=53`},
	{`not tcp port 80`, `- | proto=17 dst_port=80 | proto=6 dst_port=81`, `proto=6 dst_port=80`},

	// Numbers on either side.
	{`asn 553`, `src_as=553 | dst_as=553`, `- | src_as=554 | next_hop_as=553`},
	{`src asn 553`, `src_as=553`, `dst_as=553`},
	{`asn <65000`, `- | src_as=64999 dst_as=70000`, `src_as=65000 dst_as=65000`},
	{`dst asn 64512-65534`, `dst_as=64512 | dst_as=65534`, `- | src_as=64512 | dst_as=65535`},
	{`as 64500`, `src_as=64500 | dst_as=64500`, `- | src_as=1`},
	{`src as AS64500`, `src_as=64500`, `dst_as=64500`},
	{`as in [64500 64510-64520]`, `src_as=64500 | dst_as=64515`, `- | src_as=64501`},
	{`dst asn in @peers`, `dst_as=64500 | dst_as=64520`, `- | src_as=64500 | dst_as=64521`},
	{`asn 4294967295`, `dst_as=4294967295`, `dst_as=4294967294 | -`},
	{`iface 1`, `in_if=1 | out_if=1`, `- | in_if=2`},
	{`interface 4`, `in_if=4 | out_if=4`, `- | in_if=2`},
	{`src interface 4`, `in_if=4`, `- | out_if=4`},
	{`dst iface 42`, `out_if=42`, `- | in_if=42`},
	{`not dst iface 42`, `- | in_if=42`, `out_if=42`},
	{`iface id 7`, `in_if=7 | out_if=7`, `- | in_if=8`},
	{`dst interface id 7`, `out_if=7`, `in_if=7`},
	{`iface id 1-10`, `in_if=1 | out_if=10`, `- | in_if=11`},
	{`iface 1-10`, `in_if=1 | out_if=10`, `- | in_if=11`},
	{`src iface 0`, `- | in_if=0`, `in_if=1`},
	{`in if 3`, `in_if=3`, `- | out_if=3`},
	{`out if 3`, `out_if=3`, `- | in_if=3`},
	{`if 3`, `in_if=3 | out_if=3`, `-`},
	{`in if in [1 2 10-20]`, `in_if=2 | in_if=15`, `- | out_if=2 | in_if=3`},
	{`src and dst iface 1`, `in_if=1 out_if=1`, `in_if=1 | out_if=1`},
	{`netsize <24`, `- | src_net=24 dst_net=11`, `src_net=24 dst_net=32`},
	{`src netsize 24-32`, `src_net=24 | src_net=32`, `- | dst_net=24 | src_net=23`},
	{`netsize >32`, `src_net=33 | src_net=255`, `- | src_net=32`},
	{`dst netsize 16`, `dst_net=16`, `src_net=16`},
	{`cid 123`, `cid=123 | src_cid=123 | dst_cid=123`, `- | cid=124`},
	{`src cid 1-100`, `src_cid=1 | src_cid=100`, `- | cid=1 | dst_cid=1`},
	{`dst cid 7`, `dst_cid=7`, `cid=7 | src_cid=7`},
	{`not cid 1283`, `- | cid=123 src_cid=10 dst_cid=123`, `dst_cid=1283`},
	{`cid >0`, `cid=1 | src_cid=9`, `- | cid=0`},
	{`cid in [1 2]`, `cid=1 | dst_cid=2`, `- | cid=3`},
	{`cid 10101-10109 or cid 10209 or cid 11110`, `cid=10105 | cid=10209 | src_cid=11110`, `- | cid=10110`},
	{`vrf 1`, `ingress_vrf_id=1 | egress_vrf_id=1`, `- | ingress_vrf_id=2`},
	{`vrf 0`, `- | ingress_vrf_id=0 egress_vrf_id=9 | egress_vrf_id=9`, `ingress_vrf_id=2 egress_vrf_id=1`},
	{`dst vrf >1`, `egress_vrf_id=2`, `- | ingress_vrf_id=2 | egress_vrf_id=1`},
	{`src vrf 1-2`, `ingress_vrf_id=2`, `egress_vrf_id=2`},
	{`vlan 10`, `src_vlan=10 | dst_vlan=10 | vlan_id=10`, `- | vlan_id=11 | inner_vlan=10`},
	{`src vlan 10`, `src_vlan=10`, `dst_vlan=10 | vlan_id=10`},
	{`vlan`, `vlan_id=10 | src_vlan=5`, `-`},
	{`vlan 100-200`, `src_vlan=100 | vlan_id=200`, `- | vlan_id=201`},
	{`vlan in [10 20]`, `vlan_id=10 | dst_vlan=20`, `- | vlan_id=11`},
	{`vlan not in [10 20]`, `- | vlan_id=11`, `vlan_id=10 | dst_vlan=20`},

	// Numbers.
	{`bytes 20490000`, `bytes=20490000`, `- | bytes=20490001`},
	{`bytes >1000`, `bytes=1001`, `- | bytes=1000`},
	{`bytes <1000`, `- | bytes=999`, `bytes=1000`},
	{`bytes 100-200`, `bytes=100 | bytes=200`, `- | bytes=99 | bytes=201`},
	{`bytes 18446744073709551615`, fmt.Sprint("bytes=", maxUint64), `- | bytes=18446744073709551614`},
	{`bytes >18446744073709551614`, fmt.Sprint("bytes=", maxUint64), `bytes=18446744073709551614`},
	{`bytes >18446744073709551615`, ``, fmt.Sprint("bytes=", maxUint64)},
	{`bytes > 10k`, `bytes=10001`, `bytes=10000`},
	{`bytes >= 10k`, `bytes=10000`, `bytes=9999`},
	{`bytes >= 10M`, `bytes=10000000`, `bytes=9999999`},
	{`bytes < 1G`, `bytes=999999999`, `bytes=1000000000`},
	{`bytes < 1T`, `bytes=999999999999`, `bytes=1000000000000`},
	{`bytes = 1Ki`, `bytes=1024`, `bytes=1000`},
	{`bytes = 1Mi`, `bytes=1048576`, `bytes=1000000`},
	{`bytes = 1Gi`, `bytes=1073741824`, `bytes=1000000000`},
	{`bytes >= 10kB`, `bytes=10000`, `bytes=9999`},
	{`bytes 10k-20k`, `bytes=10000 | bytes=20000`, `bytes=9999 | bytes=20001`},
	{`bytes in [10k 1Ki]`, `bytes=10000 | bytes=1024`, `bytes=1000`},
	{`packets 0-400`, `- | packets=400`, `packets=401`},
	{`packets >=10 and packets le 20`, `packets=10 | packets=20`, `- | packets=21`},
	{`iptos 0b0-0b11`, `- | ip_tos=3`, `ip_tos=4`},
	{`iptos 184`, `ip_tos=184`, `- | ip_tos=185`},
	{`samplingrate 32`, `sampling_rate=32`, `- | sampling_rate=31`},
	{`samplingrate <512`, `- | sampling_rate=32`, `sampling_rate=512`},
	{`med <200`, `- | med=100`, `med=200`},
	{`localpref >99`, `local_pref=100`, `- | local_pref=99`},
	{`nexthopasn 553`, `next_hop_as=553`, `- | next_hop_as=554 | src_as=553`},
	{`ttl 64`, `ip_ttl=64`, `- | ip_ttl=63`},
	{`ttl <5`, `- | ip_ttl=4`, `ip_ttl=5`},
	{`min ttl 5`, `min_ttl=5`, `- | max_ttl=5 | ip_ttl=5`},
	{`max ttl >5`, `max_ttl=6`, `- | min_ttl=6`},

	// Rates, lengths, durations.
	{`duration 250`, `dur=250s | dur=250.999999999s`, `- | dur=251s | dur=249.999999999s`},
	{`duration >10`, `dur=10.000000001s | dur=11s`, `- | dur=10s | dur=9s`},
	{`duration <10`, `- | dur=0s | dur=9.999999999s | dur=-20s | time_flow_start_ns=1 | time_flow_end_ns=900000000000`, `dur=10s`},
	{`duration >=10`, `dur=10s`, `dur=9.999999999s`},
	{`duration <=10`, `- | dur=10s`, `dur=10.000000001s`},
	{`duration 5-10`, `dur=5s | dur=10.999999999s`, `dur=4.999999999s | dur=11s | -`},
	{`duration 0`, `- | dur=0.9s | dur=-5s`, `dur=1s`},
	{`duration >0`, `dur=1ns`, `- | dur=0s | dur=-5s`},
	{`not duration >0`, `- | dur=-5s`, `dur=1ns`},
	{`duration 500ms`, `dur=500ms | dur=500.999999ms`, `dur=501ms | dur=499ms | -`},
	{`duration >500ms`, `dur=500000001ns`, `dur=500ms | -`},
	{`duration >5m`, `dur=301s`, `dur=300s`},
	{`duration >= 1h`, `dur=1h`, `dur=59m59s`},
	{`duration < 1d`, `- | dur=23h59m`, `dur=24h`},
	{`duration 10s`, `dur=10s | dur=10.5s`, `dur=11s`},
	{`duration 5m`, `dur=5m | dur=5m59s`, `dur=6m | dur=4m59s`},
	{`duration 100us`, `dur=100us | dur=100999ns`, `dur=101us`},
	{`duration 100ns`, `dur=100ns`, `dur=101ns | dur=99ns`},
	{`duration 100ms-200ms`, `dur=100ms | dur=200ms`, `dur=99ms | dur=201ms`},
	{`duration >100 and not status dropped`, `dur=250s forwarding_status=66`, `dur=250s forwarding_status=129 | dur=100s`},
	{`bps 1000`, `bytes=250 dur=2s`, `- | bytes=251 dur=2s | bytes=250`},
	{`bps 2`, `bytes=1 dur=3s`, `bytes=1 dur=2s`},
	{`bps >2`, `bytes=1 dur=3s`, `bytes=1 dur=4s | -`},
	{`bps <3`, `bytes=1 dur=3s | dur=1s`, `bytes=3 dur=8s | - | bytes=1`},
	{`bps <=2`, `bytes=1 dur=4s`, `bytes=1 dur=3s | -`},
	{`bps >=3`, `bytes=3 dur=8s`, `bytes=1 dur=3s | -`},
	{`bps = 2`, `bytes=1 dur=3s | bytes=1 dur=4s`, `- | bytes=1 dur=2s`},
	{`bps 10-20`, `bytes=10 dur=8s | bytes=167 dur=64s`, `bytes=168 dur=64s | bytes=79 dur=64s`},
	{`bps >0`, `bytes=1 dur=1h`, `- | bytes=1000 | bytes=1000 dur=0s | bytes=1000 dur=-5s | dur=1s`},
	{`bps <1`, `dur=1s | bytes=1 dur=9s`, `- | bytes=1000 | bytes=9 dur=0s | bytes=9 dur=-1s`},
	{`bps 0`, `dur=1s | bytes=1 dur=9s`, `- | bytes=1000 | bytes=9 dur=0s`},
	{`bps >=0`, `dur=1s`, `- | bytes=1000 | bytes=9 dur=0s`},
	{`not bps >0`, `- | bytes=1000 | bytes=9 dur=0s | dur=1s`, `bytes=1 dur=1h`},
	{`bps != 2`, `- | bytes=1 dur=1s`, `bytes=1 dur=3s`},
	{`bps >1048576`, `bytes=20490000 dur=100s`, `bytes=10490000 dur=100s`},
	{`bps >1Gbps`, `bytes=125000001 dur=1s`, `bytes=125000000 dur=1s`},
	{`bps >= 1Mbps`, `bytes=125000 dur=1s`, `bytes=124999 dur=1s`},
	{`bps >1T`, fmt.Sprintf("bytes=%d dur=1s | bytes=%d dur=1ns", maxUint64, maxUint64), fmt.Sprintf("bytes=%d dur=200000h | -", 1000)},
	{`bps <18446744073709551615`, `bytes=1 dur=1s`, fmt.Sprintf("bytes=%d dur=1s | bytes=%d dur=1ns", maxUint64, maxUint64)},
	{`bps 8000`, `bytes=1000 dur=1s | bytes=1000 dur=999900000ns`, `bytes=1000 dur=900ms`},
	{`bps 800`, `time_flow_start_ns=5000000000 time_flow_end_ns=15000000000 bytes=1000`, `time_received_ns=15000000000 bytes=1000`},
	{`pps >1000000`, `packets=1000001 dur=1s`, `packets=1000000 dur=1s | packets=5000000`},
	{`pps 1`, `packets=3 dur=2s | packets=1 dur=1s`, `- | packets=2 dur=1s`},
	{`pps >1Mpps`, `packets=1000001 dur=1s`, `packets=1000000 dur=1s`},
	{`pps <0`, ``, `- | packets=1 dur=1s`},
	{`pps > 1000 and proto udp and port 0`, `packets=1001 dur=1s proto=17`, `packets=1001 dur=1s proto=17 src_port=1 dst_port=2`},
	{`bpp 64`, `bytes=64 packets=1 | bytes=129 packets=2`, `- | bytes=64 | bytes=130 packets=2 | bytes=127 packets=2`},
	{`bpp >1000`, `bytes=2001 packets=2`, `bytes=2000 packets=2 | bytes=5000`},
	{`bpp >= 1000`, `bytes=2000 packets=2`, `bytes=1999 packets=2 | bytes=5000`},
	{`not bpp >1000`, `- | bytes=5000 | bytes=2000 packets=2`, `bytes=2001 packets=2`},
	{`less 100`, `bytes=100 packets=1 | bytes=199 packets=2`, `- | bytes=201 packets=2`},
	{`greater 100`, `bytes=100 packets=1 | bytes=201 packets=2`, `- | bytes=199 packets=2 | bytes=5000`},

	// Interfaces by name, description and speed.
	{`iface name 'Hu'`, `in_if_name=Hu0/1/1/4 | out_if_name=hu0 | out_if_name=xHUx`, `- | in_if_name=Te1/1/1/1`},
	{`iface name "foo"`, `in_if_name=afoob | out_if_name=FOO`, `- | in_if_name=fo`},
	{`src iface name "te1"`, `in_if_name=Te1/1/1/1`, `- | out_if_name=Te1/1/1/1`},
	{`dst interface name 'Te'`, `out_if_name=Te1/1/1/1`, `- | in_if_name=Te1/1/1/1`},
	{`iface name ""`, `- | in_if_name=x`, ``},
	{`not iface name "hu"`, `- | in_if_name=Te1`, `in_if_name=Te1 out_if_name=Hu1`},
	{`iface desc 'cust'`, `out_if_desc=customer | in_if_desc="our CUSTOMER 7"`, `- | in_if_desc="some IX"`},
	{`src iface desc "IX"`, `in_if_desc="some IX"`, `- | out_if_desc="some IX"`},
	{`iface desc "größe"`, `in_if_desc="GRÖSSE Größe 1"`, `- | in_if_desc=GROSSE`},
	{`iface name =~ "^Hu[0-9]+/"`, `in_if_name=Hu0/1 | out_if_name=Hu12/1`, `- | in_if_name=xHu0/1 | in_if_name=hu0/1`},
	{`in if name "hu"`, `in_if_name=Hu0/1`, `- | out_if_name=Hu0/1`},
	{`iface speed >0`, `in_if_speed=1000`, `- | in_if_speed=999`},
	{`iface speed <1`, `- | in_if_speed=999 out_if_speed=10000`, `in_if_speed=1000 out_if_speed=10000`},
	{`iface speed 100`, `in_if_speed=100000 | out_if_speed=100999`, `- | in_if_speed=101000 out_if_speed=99999`},
	{`src iface speed 10-1000000`, `in_if_speed=10000 | in_if_speed=1000000999`, `- | out_if_speed=10000 | in_if_speed=9999`},
	{`dst iface speed >123`, `out_if_speed=124000`, `- | out_if_speed=123999 | in_if_speed=124000`},
	{`iface speed 4294967`, `in_if_speed=4294967295`, `- | in_if_speed=4294966999`},
	{`iface speed <0`, ``, `- | in_if_speed=1000`},

	// Direction, normalization, countries, validation.
	{`incoming`, `- | flow_direction=0`, `flow_direction=1`},
	{`outgoing`, `flow_direction=1`, `- | flow_direction=0`},
	{`direction incoming`, `- | flow_direction=0`, `flow_direction=1`},
	{`direction outgoing`, `flow_direction=1`, `- | flow_direction=0`},
	{`normalized`, `normalized=1`, `- | normalized=0`},
	{`not normalized`, `- | normalized=0`, `normalized=1`},
	{`country DE`, `remote_country=DE | src_country=DE | dst_country=DE | remote_country=DE src_country=FR`, `- | remote_country=FR src_country=DE dst_country=DE | src_country=FR`},
	{`country dE`, `remote_country=DE`, `- | remote_country=FR`},
	{`country ce`, ``, `- | remote_country=FR`},
	{`country in`, `remote_country=IN`, `- | remote_country=FR`},
	{`country in or country ge`, `remote_country=IN | remote_country=GE`, `- | remote_country=FR`},
	{`country lt and src country ne`, `remote_country=LT src_country=NE`, `- | remote_country=LT`},
	{`(country GT)`, `remote_country=GT`, `- | remote_country=LT`},
	{`country in [in ne]`, `remote_country=IN | dst_country=NE`, `- | remote_country=LT`},
	{`not country de`, `- | remote_country=FR src_country=DE`, `remote_country=DE | src_country=DE`},
	{`country != DE`, `- | remote_country=FR src_country=DE`, `remote_country=DE | src_country=DE`},
	{`country = DE`, `remote_country=DE`, `- | remote_country=FR`},
	{`src country DE`, `src_country=DE`, `remote_country=DE | dst_country=DE | -`},
	{`dst country DE`, `dst_country=DE`, `remote_country=DE | src_country=DE | -`},
	{`src and dst country DE`, `src_country=DE dst_country=DE`, `src_country=DE | remote_country=DE`},
	{`country in [DE fr]`, `remote_country=FR | dst_country=DE`, `- | remote_country=US dst_country=DE`},
	{`src country in [DE, FR]`, `src_country=FR`, `- | dst_country=FR | src_country=US`},
	{`dst country in @eu`, `dst_country=FR | dst_country=DE`, `- | dst_country=US`},
	{`src geo DE`, `src_country=DE`, `- | dst_country=DE`},
	{`incoming and country de`, `remote_country=DE`, `remote_country=DE flow_direction=1`},
	{`rpki valid`, `src_rpki=1 | dst_rpki=1 | validation_status=1 | src_rpki=3 validation_status=1`, `- | src_rpki=2 | validation_status=3`},
	{`rpki invalid`, `src_rpki=3 | dst_rpki=3 | validation_status=3`, `- | src_rpki=1`},
	{`rpki notfound`, `validation_status=2 | src_rpki=2`, `- | validation_status=1`},
	{`rpki unknown`, `- | validation_status=0 | src_rpki=0 dst_rpki=0`, `validation_status=1 | src_rpki=0 dst_rpki=2`},
	{`not rpki invalid`, `- | src_rpki=1`, `src_rpki=1 dst_rpki=3`},
	{`src rpki valid`, `src_rpki=1`, `- | dst_rpki=1 | validation_status=1`},
	{`dst rpki invalid`, `dst_rpki=3`, `- | src_rpki=3 | validation_status=3`},
	{`src rpki unknown`, `- | src_rpki=0 dst_rpki=1`, `src_rpki=1`},
	{`src and dst rpki valid`, `src_rpki=1 dst_rpki=1`, `src_rpki=1 | validation_status=1`},

	// Protocols, ethertypes, forwarding status, flags, DSCP, ECN.
	{`proto 6`, `proto=6`, `- | proto=17`},
	{`proto 0x11`, `proto=17`, `- | proto=6`},
	{`proto 0`, `- | proto=0`, `proto=6`},
	{`proto icmp`, `proto=1`, `- | proto=58`},
	{`proto udp`, `proto=17`, `- | proto=6`},
	{`proto icmpv6`, `proto=58`, `- | proto=1`},
	{`proto ipv6-icmp`, `proto=58`, `- | proto=1`},
	{`proto ipip`, `proto=4 | proto=94`, `- | proto=6`},
	{`not proto ipip`, `- | proto=6`, `proto=4 | proto=94`},
	{`proto vrrp`, `proto=112`, `- | proto=111`},
	{`proto gre or proto esp`, `proto=47 | proto=50`, `- | proto=51`},
	{`proto sctp`, `proto=132`, `-`},
	{`proto igmp`, `proto=2`, `-`},
	{`proto ospf`, `proto=89`, `-`},
	{`proto hopopt`, `- | proto=0`, `proto=1`},
	{`proto in [tcp udp 47]`, `proto=6 | proto=17 | proto=47`, `- | proto=1`},
	{`not proto 7`, `- | proto=6`, `proto=7`},
	{`etype 0x0800`, `etype=2048`, `- | etype=0x86dd`},
	{`etype 2048`, `etype=2048`, `-`},
	{`etype ipv4`, `etype=2048`, `- | etype=0x86dd`},
	{`etype ipv6`, `etype=0x86dd`, `- | etype=2048`},
	{`etype arp`, `etype=0x806`, `- | etype=2048`},
	{`etype in [ipv4 0x86dd]`, `etype=0x86dd | etype=2048`, `- | etype=0x806`},
	{`status 64`, `forwarding_status=64`, `- | forwarding_status=65`},
	{`status 0b10000000`, `forwarding_status=128`, `- | forwarding_status=129`},
	{`status forwarded`, `forwarding_status=64 | forwarding_status=66 | forwarding_status=127`, `- | forwarding_status=63 | forwarding_status=128 | forwarding_status=192`},
	{`status dropped`, `forwarding_status=128 | forwarding_status=191`, `- | forwarding_status=127 | forwarding_status=192`},
	{`status consumed`, `forwarding_status=192 | forwarding_status=255`, `- | forwarding_status=191`},
	{`status unknown`, `- | forwarding_status=0 | forwarding_status=63`, `forwarding_status=64`},
	{`status acldeny`, `forwarding_status=129`, `- | forwarding_status=131 | forwarding_status=193`},
	{`status acldrop`, `forwarding_status=130`, `- | forwarding_status=131 | forwarding_status=138`},
	{`status unroutable`, `forwarding_status=131`, `- | forwarding_status=139`},
	{`status policerdrop`, `forwarding_status=138`, `- | forwarding_status=139 | forwarding_status=142`},
	{`not status dropped`, `- | forwarding_status=64`, `forwarding_status=130`},
	{`status policerdrop or ecn ce`, `forwarding_status=138 | ip_tos=3`, `- | ip_tos=2`},
	{`tcpflags syn`, `proto=6 tcp_flags=2 | proto=6 tcp_flags=0x12`, `- | tcp_flags=2 | proto=17 tcp_flags=2 | proto=6 tcp_flags=0x10`},
	{`tcpflags 2`, `proto=6 tcp_flags=2`, `proto=6 tcp_flags=0x12 | tcp_flags=2`},
	{`tcpflags 0b010010`, `proto=6 tcp_flags=18`, `proto=6 tcp_flags=2`},
	{`tcpflags 0`, `proto=6 | proto=6 tcp_flags=0`, `- | proto=17 | proto=6 tcp_flags=1`},
	{`tcpflags fin`, `proto=6 tcp_flags=1`, `proto=6 tcp_flags=0xfe`},
	{`tcpflags rst`, `proto=6 tcp_flags=4`, `proto=6 tcp_flags=0xfb`},
	{`tcpflags psh`, `proto=6 tcp_flags=8`, `proto=6 tcp_flags=0xf7`},
	{`tcpflags ack`, `proto=6 tcp_flags=0x10`, `proto=6 tcp_flags=0xef`},
	{`tcpflags urg`, `proto=6 tcp_flags=0x20`, `proto=6 tcp_flags=0xdf`},
	{`tcpflags ece`, `proto=6 tcp_flags=0x40`, `proto=6 tcp_flags=0x1bf`},
	{`tcpflags cwr`, `proto=6 tcp_flags=0x80`, `proto=6 tcp_flags=0x7f`},
	{`tcpflags ns`, `proto=6 tcp_flags=0x100`, `proto=6 tcp_flags=0xff`},
	{`tcpflags synack`, `proto=6 tcp_flags=0x12 | proto=6 tcp_flags=0x1f`, `proto=6 tcp_flags=2 | proto=6 tcp_flags=0x10 | tcp_flags=0x12`},
	{`tcpflags finack`, `proto=6 tcp_flags=0x11`, `proto=6 tcp_flags=0x10`},
	{`not tcpflags ack`, `- | proto=6 tcp_flags=2 | proto=17 tcp_flags=0x10`, `proto=6 tcp_flags=0x12`},
	{`proto 6 and tcpflags syn`, `proto=6 tcp_flags=2`, `proto=6 | tcp_flags=2`},
	{`flags S`, `proto=6 tcp_flags=2 | proto=6 tcp_flags=0x12`, `proto=6 tcp_flags=0x10 | tcp_flags=2 | proto=17 tcp_flags=2`},
	{`flags SA`, `proto=6 tcp_flags=0x12 | proto=6 tcp_flags=0x1a`, `proto=6 tcp_flags=2 | proto=6 tcp_flags=0x10`},
	{`flags syn`, `proto=6 tcp_flags=0x12`, `proto=6 tcp_flags=0x10`},
	{`flags FSRPAU`, `proto=6 tcp_flags=0x3f`, `proto=6 tcp_flags=0x3e`},
	{`flags ECN`, `proto=6 tcp_flags=0x1c0`, `proto=6 tcp_flags=0xc0`},
	{`flags S/SA`, `proto=6 tcp_flags=2 | proto=6 tcp_flags=0x0a`, `proto=6 tcp_flags=0x12 | proto=6 tcp_flags=0x10 | proto=6 | tcp_flags=2 | proto=17 tcp_flags=2`},
	{`not flags S/SA`, `- | proto=6 tcp_flags=0x12`, `proto=6 tcp_flags=2`},
	{`flags SA/SAFR`, `proto=6 tcp_flags=0x12 | proto=6 tcp_flags=0x1a`, `proto=6 tcp_flags=0x13 | proto=6 tcp_flags=2`},
	{`flags S and not flags AFRPU`, `proto=6 tcp_flags=2`, `proto=6 tcp_flags=0x3f`},
	{`flags 0x12`, `proto=6 tcp_flags=0x12`, `proto=6 tcp_flags=0x13 | tcp_flags=0x12`},
	{`tcp[tcpflags] & tcp-syn != 0`, `proto=6 tcp_flags=0x12`, `proto=6 tcp_flags=0x10 | tcp_flags=2 | -`},
	{`tcp[tcpflags] & (tcp-syn|tcp-fin) != 0`, `proto=6 tcp_flags=0x12 | proto=6 tcp_flags=1`, `proto=6 tcp_flags=0x10 | tcp_flags=2`},
	{`tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn`, `proto=6 tcp_flags=2 | proto=6 tcp_flags=3`, `proto=6 tcp_flags=0x12 | tcp_flags=2`},
	{`tcp[13] & 2 != 0`, `proto=6 tcp_flags=0x12`, `proto=6 tcp_flags=0x10`},
	{`dscp 46`, `ip_tos=0xb8 | ip_tos=0xbb`, `- | ip_tos=46`},
	{`dscp ef`, `ip_tos=0xb8 | ip_tos=0xb9`, `- | ip_tos=0xbc`},
	{`dscp default`, `- | ip_tos=3`, `ip_tos=4`},
	{`dscp besteffort`, `- | ip_tos=0`, `ip_tos=4`},
	{`dscp cs1`, `ip_tos=0x20`, `-`},
	{`dscp cs6`, `ip_tos=0xc0`, `-`},
	{`dscp cs7`, `ip_tos=0xe0`, `-`},
	{`dscp af11`, `ip_tos=0x28`, `-`},
	{`dscp af23`, `ip_tos=0x58`, `-`},
	{`dscp af43`, `ip_tos=0x98`, `-`},
	{`dscp in [ef cs6]`, `ip_tos=0xb8 | ip_tos=0xc0`, `-`},
	{`ecn ce`, `ip_tos=3 | ip_tos=0xbb`, `- | ip_tos=2`},
	{`ecn ect0`, `ip_tos=2`, `- | ip_tos=1`},
	{`ecn ect1`, `ip_tos=1`, `- | ip_tos=2`},
	{`ecn 0`, `- | ip_tos=0xb8`, `ip_tos=1`},

	// ICMP.
	{`icmp type 3`, `proto=1 icmp_type=3 | proto=58 icmp_type=3 | proto=1 dst_port=768 | proto=58 dst_port=771`, `icmp_type=3 | proto=17 dst_port=768 | proto=1 | proto=1 icmp_type=8 dst_port=768`},
	{`icmp code 4`, `proto=1 icmp_code=4 | proto=1 dst_port=772 | proto=1 icmp_type=3 dst_port=772`, `proto=1 icmp_code=0 dst_port=772 | proto=6 icmp_code=4`},
	{`icmp type 0`, `proto=1 | proto=58 dst_port=255 | proto=1 icmp_type=0 dst_port=768`, `- | proto=1 dst_port=256`},
	{`icmp code 0`, `proto=1 | proto=1 dst_port=256`, `- | proto=1 dst_port=1`},
	{`icmp type 3 and icmp code 3`, `proto=1 icmp_type=3 icmp_code=3 | proto=1 dst_port=771`, `proto=1 icmp_type=3 icmp_code=1`},
	{`icmp type in [3 11]`, `proto=1 icmp_type=11`, `proto=1 icmp_type=8`},
	{`icmp6 type 128`, `proto=58 icmp_type=128 | proto=58 dst_port=32768`, `proto=1 icmp_type=128 | icmp_type=128`},

	// Paths and communities, labels, MAC addresses.
	{`passes-through 553`, `as_path=553 | as_path=1,553,2`, `- | as_path=1,2 | src_as=553`},
	{`passes-through 553 554 555`, `as_path=553,554,555 | as_path=1,553,554,555,9`, `- | as_path=553,554 | as_path=553,1,554,555 | as_path=555,554,553`},
	{`passes-through 64500 64501`, `as_path=64500,64501 | as_path=64500,64500,64501`, `as_path=64501,64500 | as_path=64500`},
	{`not passes-through 553`, `- | as_path=1`, `as_path=553`},
	{`passes-through 553 and proto tcp`, `as_path=553 proto=6`, `as_path=553 | proto=6`},
	{`community 65000:100`, `bgp_communities=65000:100 | src_bgp_communities=1:2,65000:100`, `- | bgp_communities=65000:101 | bgp_communities=65001:100`},
	{`community 65000:*`, `bgp_communities=65000:100 | src_bgp_communities=65000:0`, `- | bgp_communities=65001:100`},
	{`not community 65000:*`, `- | bgp_communities=65001:100`, `bgp_communities=1:1,65000:65535`},
	{`large 65000:1:2`, `bgp_large_communities=65000,1,2 | bgp_large_communities=9,9,9,65000,1,2`, `- | bgp_large_communities=65000,1,3 | bgp_large_communities=9,65000,1,2,0,0`},
	{`aspath =~ "^174 "`, `as_path=174,3356`, `- | as_path=174 | as_path=3356,174 | as_path=1174,1`},
	{`mpls`, `mpls_label=16`, `-`},
	{`mpls 1000`, `mpls_label=1000 | mpls_label=16,1000`, `- | mpls_label=16`},
	{`mac 02:00:00:00:00:01`, `src_mac=02:00:00:00:00:01 | dst_mac=02:00:00:00:00:01`, `- | src_mac=02:00:00:00:00:02`},
	{`mac 02-00-00-00-0A-0b`, `src_mac=02:00:00:00:0a:0b`, `-`},
	{`src mac 02:00:00:00:00:01`, `src_mac=02:00:00:00:00:01`, `dst_mac=02:00:00:00:00:01`},
	{`ether host 02:00:00:00:00:01`, `src_mac=02:00:00:00:00:01 | dst_mac=02:00:00:00:00:01`, `-`},
	{`ether src host 02:00:00:00:00:01`, `src_mac=02:00:00:00:00:01`, `dst_mac=02:00:00:00:00:01`},
	{`ether dst 02:00:00:00:00:01`, `dst_mac=02:00:00:00:00:01`, `src_mac=02:00:00:00:00:01`},
	{`mac in [02:00:00:00:00:01 02:00:00:00:00:02]`, `dst_mac=02:00:00:00:00:02`, `- | dst_mac=02:00:00:00:00:03`},
	{`src mac in @macs`, `src_mac=02:00:00:00:00:02`, `- | dst_mac=02:00:00:00:00:02`},

	// Any field, presence, texts, two fields, extensions.
	{`bytes_out > 1M`, `bytes_out=1000001`, `- | bytes_out=1000000 | bytes=1000001`},
	{`src_port = 80`, `src_port=80`, `- | dst_port=80`},
	{`src_as in [1 2 5-9]`, `src_as=7`, `- | src_as=3`},
	{`src_as in @peers`, `src_as=64515`, `- | dst_as=64515`},
	{`src_addr = 10.0.0.1`, `src_addr=10.0.0.1`, `- | dst_addr=10.0.0.1`},
	{`dst_addr in [10.0.0.0/8]`, `dst_addr=10.0.0.1`, `- | src_addr=10.0.0.1`},
	{`sampler_address != 10.0.0.1`, `- | sampler_address=10.0.0.2`, `sampler_address=10.0.0.1`},
	{`src_country = DE`, `src_country=DE`, `- | dst_country=DE`},
	{`src_mac = 02:00:00:00:00:01`, `src_mac=02:00:00:00:00:01`, `- | dst_mac=02:00:00:00:00:01`},
	{`inner_proto = udp`, `inner_proto=17`, `- | proto=17`},
	{`type = ipfix`, `type=4`, `- | type=3`},
	{`mpls_label = 1000`, `mpls_label=16,1000`, `- | mpls_label=16`},
	{`tunnel_id 0xffff..0x10000`, `tunnel_id=65536`, `- | tunnel_id=65534`},
	{`time_flow_start_ns > 1000`, `time_flow_start_ns=1001`, `- | time_flow_start_ns=1000`},
	{`rtt_ns <= 5000000`, `- | rtt_ns=5000000`, `rtt_ns=5000001`},
	{`has src_as`, `src_as=0 | src_as=7`, `- | dst_as=7`},
	{`not has src_as`, `- | dst_as=7`, `src_as=0`},
	{`has as_path`, `as_path=7`, `- | dst_as_path=7`},
	{`has in_if_name and not has bytes`, `in_if_name=x`, `- | in_if_name=x bytes=0`},
	{`has note`, `note=x | note=""`, `-`},
	{`application_name = "dns"`, `application_name=dns`, `- | application_name=dnsx | application_name=DNS`},
	{`application_name == 'dns'`, `application_name=dns`, `- | application_name=dnsx`},
	{`application_name != "dns"`, `- | application_name=dnsx`, `application_name=dns`},
	{`application_name = ""`, `- | application_name=""`, `application_name=dns`},
	{`application_name contains "n"`, `application_name=dns`, `- | application_name=http`},
	{`application_name =~ "^(dns|http)$"`, `application_name=http`, `- | application_name=https`},
	{`application_name !~ "^d"`, `- | application_name=http`, `application_name=dns`},
	{`application_name in ["dns" "http"]`, `application_name=http`, `- | application_name=https`},
	{`application_name in @apps`, `application_name=HTTP | application_name=dns`, `- | application_name=http`},
	{`src_host_name contains ".example."`, `src_host_name=www.example.com`, `- | dst_host_name=www.example.com`},
	{`src_host_name =~ "\.net$"`, `src_host_name=a.net`, `- | src_host_name=a.net.`},
	{`not note contains "x"`, `- | note=y`, `note=axb`},
	{`note = "two words"`, `note="two words"`, `note="two  words"`},
	{`note =~ "^$"`, `- | note=""`, `note=x`},
	{`src_port < dst_port`, `src_port=1 dst_port=2`, `- | src_port=2 dst_port=2 | dst_port=2 | src_port=3 dst_port=2`},
	{`src_port <= dst_port`, `src_port=2 dst_port=2`, `- | src_port=3 dst_port=2`},
	{`src_port > dst_port`, `src_port=3 dst_port=2`, `- | src_port=3 | src_port=2 dst_port=2`},
	{`src_port = dst_port`, `src_port=2 dst_port=2`, `- | src_port=2 dst_port=1`},
	{`src_port != dst_port`, `src_port=2 dst_port=1`, `- | src_port=2 | src_port=2 dst_port=2`},
	{`not src_port = dst_port`, `- | src_port=2 | src_port=2 dst_port=1`, `src_port=2 dst_port=2`},
	{`bytes_out < bytes`, `bytes=2 bytes_out=1`, `bytes=2 | bytes=1 bytes_out=1`},
	{`bytes > bytes_out`, `bytes=2 bytes_out=1`, `bytes=2 | bytes=1 bytes_out=1`},
	{`proto = inner_proto`, `proto=6 inner_proto=6`, `- | proto=6 | proto=6 inner_proto=17`},
	{`normalized = 0`, `- | normalized=0`, `normalized=1`},
	{`src_addr = dst_addr`, `src_addr=10.0.0.1 dst_addr=10.0.0.1`, `- | src_addr=10.0.0.1`},
	{`in_if_name = out_if_name`, `in_if_name=a out_if_name=a`, `- | in_if_name=a out_if_name=b`},
	{`src_country != dst_country`, `src_country=DE dst_country=FR`, `- | src_country=DE | src_country=DE dst_country=DE`},
	{`risk_score > 50`, `risk_score=51`, `- | risk_score=50`},
	{`risk_score <= 50`, `- | risk_score=50`, `risk_score=51`},
	{`risk_score in [50-60] and proto tcp`, `risk_score=60 proto=6`, `risk_score=60 | proto=6`},
	{`has risk_score`, `risk_score=0`, `-`},
	{`zone = "dmz"`, `zone=dmz`, `- | zone=lan`},
	{`zone =~ "^d"`, `zone=dmz`, `- | zone=lan`},
	{`zone in ["dmz" "lan"]`, `zone=lan`, `- | zone=x`},
	{`label contains "x"`, `label=axb`, `- | label=y`},
	{`proxy in [10.0.0.0/8]`, `proxy=10.1.1.1`, `- | proxy=11.1.1.1`},
	{`proxy = 2001:db8::1`, `proxy=2001:db8::1`, `-`},
	{`hops = 7`, `hops=1,7`, `- | hops=1`},
	{`risk_score < src_port`, `risk_score=1 src_port=2`, `- | src_port=2 | risk_score=2 src_port=2`},

	// As users write them.
	{`proto tcp and (dst port 443 or dst port 80) and not src address 10.0.0.0/8`, `proto=6 dst_port=443 src_addr=11.0.0.1 | proto=6 dst_port=80`, `proto=6 dst_port=443 src_addr=10.0.0.1 | proto=17 dst_port=443 | proto=6 src_port=443 dst_port=1`},
	{`proto tcp and (port 80 or port 443)`, `proto=6 src_port=80 | proto=6 dst_port=443`, `proto=17 dst_port=443 | proto=6`},
	{`(proto 6 and port 456) or src iface 0 and address 1.1.1.1`, `proto=6 src_port=456 in_if=1 | src_addr=1.1.1.1`, `src_addr=1.1.1.1 in_if=1 | -`},
	{`dst asn 6830 and bps >1048576`, `dst_as=6830 bytes=20490000 dur=100s`, `dst_as=6830 | src_as=6830 bytes=20490000 dur=100s`},
	{`bps >1000000 and proto tcp and not (tcpflags ack or tcpflags fin)`, `bytes=1000000 dur=1s proto=6 tcp_flags=2`, `bytes=1000000 dur=1s proto=6 tcp_flags=0x12 | proto=6`},
	{`incoming and (iface desc "IX" or iface desc "PNI") and (address 10.0.0.0/8 or address 192.168.0.0/16)`, `in_if_desc="some ix" src_addr=10.0.0.1 | out_if_desc="PNI 7" dst_addr=192.168.1.1 flow_direction=0`, `in_if_desc="some ix" src_addr=11.0.0.1 | in_if_desc=PNI src_addr=10.0.0.1 flow_direction=1`},
	{`proto icmp or proto icmpv6`, `proto=1 | proto=58`, `- | proto=6`},
	{`not (proto tcp and port 22)`, `- | proto=17 dst_port=22`, `proto=6 dst_port=22`},
	{`proto udp and port 389`, `proto=17 src_port=389`, `proto=6 src_port=389`},
	{`src net 10.0.0.0/8 and tcp dst port 80 and greater 1000`, `src_addr=10.1.1.1 proto=6 dst_port=80 bytes=1000 packets=1`, `src_addr=10.1.1.1 proto=6 dst_port=80 bytes=999 packets=1`},
	{`proto tcp and flags S and not flags A and bytes > 10k`, `proto=6 tcp_flags=2 bytes=10001`, `proto=6 tcp_flags=0x12 bytes=10001`},
	{`src ip 10.0.0.1 and dst port in [80 443] and packets > 5 and bpp > 100`, `src_addr=10.0.0.1 dst_port=443 packets=6 bytes=601`, `src_addr=10.0.0.1 dst_port=443 packets=6 bytes=600`},
}
