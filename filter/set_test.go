package filter_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

func TestSetValues(t *testing.T) {
	w := newWorld(t, 256)
	for _, s := range []struct {
		values, expr, is, not string
	}{
		{`10.0.0.0/8 192.0.2.7 2001:db8::/32`, `address in @s`, `src_addr=10.9.9.9 | dst_addr=192.0.2.7 | dst_addr=2001:db8::1`, `- | src_addr=192.0.2.8 | src_addr=2001:db9::`},
		{`10.0.0.0/8`, `not src address in @s`, `- | src_addr=11.0.0.1`, `src_addr=10.0.0.1`},
		{`0.0.0.0/0`, `src address in @s`, `src_addr=10.9.9.9`, `- | src_addr=::1`},
		{`::/0`, `src address in @s`, `src_addr=::1`, `- | src_addr=10.9.9.9`},
		{`8000::/1 fe80::/10`, `src address in @s`, `src_addr=ffff::1 | src_addr=fe80::1 | src_addr=8000::`, `src_addr=7fff:: | -`},
		{`10.0.0.0/8 10.1.0.0/16 10.1.2.3`, `address in @s`, `src_addr=10.200.0.1`, `src_addr=11.0.0.0`},
		{`10.0.0.0/8`, `router in @s or nexthop in @s`, `sampler_address=10.0.0.1 | next_hop=10.0.0.1`, `src_addr=10.0.0.1`},
		{`10.0.0.0/8`, `src and dst address in @s`, `src_addr=10.0.0.1 dst_addr=10.0.0.2`, `src_addr=10.0.0.1`},
		{`10.0.0.0/8`, `nat ip in @s`, `nat_dst_addr=10.0.0.1`, `dst_addr=10.0.0.1`},
		{`80 443 8000-8999`, `port in @s`, `src_port=80 | dst_port=8500`, `- | src_port=7999 dst_port=9000`},
		{`80 443`, `port not in @s`, `- | src_port=81`, `src_port=81 dst_port=443`},
		{`AS64500 64510-64520`, `dst asn in @s`, `dst_as=64500 | dst_as=64520`, `- | src_as=64500`},
		{`0`, `bytes in @s`, `- | bytes=0`, `bytes=1`},
		{`18446744073709551615`, `bytes in @s`, fmt.Sprint("bytes=", maxUint64), `bytes=18446744073709551614`},
		{`6 17`, `proto in @s`, `proto=17`, `- | proto=1`},
		{`10 20`, `vlan in @s`, `dst_vlan=20 | vlan_id=10`, `- | vlan_id=11`},
		{`02:00:00:00:00:01 02-00-00-00-00-0A`, `mac in @s`, `src_mac=02:00:00:00:00:01 | dst_mac=02:00:00:00:00:0a`, `- | src_mac=02:00:00:00:00:02`},
		{`DE fr`, `country in @s`, `remote_country=FR | src_country=DE`, `- | remote_country=US src_country=DE`},
		{`DE`, `src country in @s`, `src_country=DE`, `- | dst_country=DE`},
		{`dns Http`, `application_name in @s`, `application_name=Http | application_name=dns`, `- | application_name=http | application_name=dnsx`},
		{`dns`, `not application_name in @s`, `- | application_name=http`, `application_name=dns`},
		{`dmz`, `zone in @s`, `zone=dmz`, `- | zone=lan`},
		{`50-60`, `risk_score in @s`, `risk_score=55`, `- | risk_score=61`},
		{`10.0.0.0/8 80 DE 02:00:00:00:00:01 dns`, `address in @s and port in @s and src country in @s and mac in @s and application_name in @s`,
			`src_addr=10.0.0.1 dst_port=80 src_country=DE src_mac=02:00:00:00:00:01 application_name=dns`, `- | src_addr=10.0.0.1 dst_port=80 src_country=DE src_mac=02:00:00:00:00:01`},
		{``, `address in @s`, ``, `- | src_addr=10.0.0.1`},
		{``, `port in @s`, ``, `- | src_port=1`},
	} {
		set, err := filter.NewSet("s", strings.Fields(s.values)...)
		require.NoError(t, err)
		require.Equal(t, "s", set.Name())
		require.Equal(t, len(strings.Fields(s.values)), set.Len())
		p, err := filter.Parse(s.expr, filter.With(set), filter.Extensions(exts...))
		require.NoError(t, err, s.expr)
		for _, want := range []bool{true, false} {
			for _, spec := range (row{s.expr, s.is, s.not}).flows(want) {
				fl := w.add(spec)
				require.Equal(t, want, p.MatchIn(w.b, fl), "MatchIn of %s, %s in %s", spec, s.expr, s.values)
				require.Equal(t, want, w.selected(t, p)[w.b.Index(fl)], "Selector on %s, %s in %s", spec, s.expr, s.values)
			}
		}
	}
}

func TestSetMistakes(t *testing.T) {
	for _, name := range []string{"", "two words", "@s", "a/b", "s:1", "s\n", "s*"} {
		_, err := filter.NewSet(name)
		require.Error(t, err, "%q", name)
	}
	for _, name := range []string{"s", "A.b-c_9"} {
		set, err := filter.NewSet(name, "80")
		require.NoError(t, err)
		_, err = filter.Parse("port in @"+name, filter.With(set))
		require.NoError(t, err)
	}
	for _, value := range []string{"1.2.3.4/99", "::1/129", "1.2.3.4/-1", "90-80", "10.0.0.9-10.0.0.1"} {
		_, err := filter.NewSet("s", "1", value)
		require.ErrorContains(t, err, "@s", value)
		require.ErrorContains(t, err, "value 2", value)
	}
}

func TestSetFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "customers.csv")
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	s, err := filter.NewSet("customers", "192.0.2.0/24")
	require.NoError(t, err)
	p, err := filter.Parse("address in @customers or port in @customers or application_name in @customers", filter.With(s))
	require.NoError(t, err)
	w := newWorld(t, 8)
	old, one, two, port, name := w.add("src_addr=192.0.2.1"), w.add("dst_addr=10.0.0.1"), w.add("dst_addr=2001:db8::1"), w.add("src_port=443"), w.add(`application_name="two words"`)
	check := func(want ...*flow.Flow) {
		t.Helper()
		got := w.selected(t, p)
		for fl := range w.b.All() {
			require.Equal(t, slices.Contains(want, fl), got[w.b.Index(fl)], show(w.b, fl))
			require.Equal(t, slices.Contains(want, fl), p.MatchIn(w.b, fl), show(w.b, fl))
		}
	}
	check(old)

	write("# customers\r\n\r\n10.0.0.0/8,\"first, Inc.\",7\r\n  2001:db8::/32 # second\r\n443\r\ntwo words\n\t\n")
	require.NoError(t, s.LoadFile(path))
	require.Equal(t, 4, s.Len())
	check(one, two, port, name)

	// With a mistake, all stays as it was.
	write("10.0.0.0/8\n\n# bad:\n1.2.3.4/99,x\n80\n")
	err = s.LoadFile(path)
	require.ErrorContains(t, err, path+":4:")
	require.ErrorContains(t, err, "@customers")
	require.ErrorContains(t, err, "99")
	require.ErrorContains(t, s.Read("there.txt", strings.NewReader("1\n90-80")), "there.txt:2:")
	require.ErrorIs(t, s.LoadFile(path+".missing"), os.ErrNotExist)
	require.ErrorContains(t, s.Read("endless.txt", strings.NewReader("1\n"+strings.Repeat("x", 1<<20))), "endless.txt:2")
	require.ErrorContains(t, s.Read("many.txt", strings.NewReader(strings.Repeat("1\n", filter.MaxSet+1))), fmt.Sprintf("many.txt:%d:", filter.MaxSet+1))
	require.Error(t, s.Replace("80", "90-80"))
	require.Equal(t, 4, s.Len())
	check(one, two, port, name)

	require.NoError(t, s.Read("empty", strings.NewReader("")))
	require.Zero(t, s.Len())
	check()
	require.NoError(t, s.Replace("192.0.2.1", "443"))
	check(old, port)
}

// TestSetReplace replaces what a set holds while selectors run: each batch is
// filtered by the old values or by the new ones.
func TestSetReplace(t *testing.T) {
	values := [2][]string{{"1", "10.0.0.0/8", "DE", "old"}, {"2", "2001:db8::/32", "FR", "new"}}
	s, err := filter.NewSet("s", values[0]...)
	require.NoError(t, err)
	exprs := []string{
		"port in @s", "src port in @s", "not port in @s", "src and dst port in @s", "address in @s", "not dst address in @s",
		"src country in @s", "application_name in @s", "src port in @s and not dst port in @s", "port in @s and address in @s",
	}
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 3 {
		w := newWorld(t, 512)
		for i := range 500 {
			w.add([]string{
				"src_port=1 dst_port=2 src_addr=10.0.0.1 dst_addr=2001:db8::1", "src_port=1 dst_port=1 src_addr=10.0.0.1 src_country=DE application_name=old",
				"src_port=2 dst_port=2 src_addr=2001:db8::1 src_country=FR application_name=new", "src_port=3 dst_port=3 src_country=US",
			}[i%4])
		}
		_, all := w.b.Raw()
		all = slices.Clone(all)
		compile := func(expr string, s *filter.Set) *filter.Selector {
			p, err := filter.Parse(expr, filter.With(s))
			require.NoError(t, err)
			sel, err := p.Compile(w.layout)
			require.NoError(t, err)
			return sel
		}
		sels, want := make([]*filter.Selector, len(exprs)), make([][2][]uint16, len(exprs))
		for i, expr := range exprs {
			sels[i] = compile(expr, s)
			for j := range values {
				fixed, err := filter.NewSet("s", values[j]...)
				require.NoError(t, err)
				matched, _ := compile(expr, fixed).Split(w.b, slices.Clone(all))
				want[i][j] = slices.Clone(matched)
			}
		}
		wg.Go(func() {
			for !done.Load() {
				for i, sel := range sels {
					w.b.SetRows(slices.Clone(all))
					sel.Apply(w.b)
					_, got := w.b.Raw()
					if !slices.Equal(got, want[i][0]) && !slices.Equal(got, want[i][1]) {
						t.Errorf("%s keeps %d flows, neither by the old values (%d) nor by the new (%d)", exprs[i], len(got), len(want[i][0]), len(want[i][1]))
						return
					}
				}
			}
		})
	}
	stop := time.Now().Add(300 * time.Millisecond)
	for i := 0; time.Now().Before(stop); i++ {
		if i%5 == 4 {
			require.Error(t, s.Replace("3", "90-80"))
		} else {
			require.NoError(t, s.Replace(values[i%2]...))
		}
		require.Equal(t, 4, s.Len())
	}
	done.Store(true)
	wg.Wait()
}

// TestSetPrefixes compares 10,000 prefixes with a loop over them.
func TestSetPrefixes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	randomAddr := func() netip.Addr {
		if r.IntN(3) == 0 {
			a := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8}
			for _, i := range []int{4, 5, 6, 7, 15} {
				a[i] = byte(r.Uint32())
			}
			return netip.AddrFrom16(a)
		}
		return netip.AddrFrom4([4]byte{byte(10 + r.IntN(20)), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
	}
	n := 1000
	if testing.Short() {
		n = 100
	}
	var prefixes []netip.Prefix
	var values []string
	for range 10000 {
		a := randomAddr()
		p, err := a.Prefix(a.BitLen() - r.IntN(15))
		require.NoError(t, err)
		prefixes, values = append(prefixes, p), append(values, p.String())
	}
	s, err := filter.NewSet("s", values...)
	require.NoError(t, err)
	require.Equal(t, len(values), s.Len())
	listed, err := filter.Parse("src address in ["+strings.Join(values, " ")+"]", filter.With(s))
	require.NoError(t, err)
	named, err := filter.Parse("src address in @s", filter.With(s))
	require.NoError(t, err)
	either, err := filter.Parse("not address in @s", filter.With(s))
	require.NoError(t, err)

	b := flow.NewOwner(flow.OwnerConfig{Size: n}).Begin(0, time.Time{})
	var in []bool
	matches := 0
	for range n {
		ip := randomAddr()
		switch p := prefixes[r.IntN(len(prefixes))]; r.IntN(3) {
		case 0:
			ip = p.Addr()
		case 1:
			ip = p.Addr().Prev()
		}
		b.Next().SetSrcAddr(flow.AddrFrom(ip))
		in = append(in, slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) }))
		if in[len(in)-1] {
			matches++
		}
	}
	require.True(t, n/10 < matches && matches < n*9/10, "%d matches", matches)
	_, rows := b.Raw()
	same(t, b, in, selected(t, listed, b, rows), "listed")
	same(t, b, in, selected(t, named, b, rows), "named")
	for i, no := range selected(t, either, b, rows) {
		require.Equal(t, in[i], !no)
	}
}
