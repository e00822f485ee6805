package filter_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// formText writes a form.
func formText(f filter.Form) string {
	list := func(name string, forms []filter.Form) string {
		texts := make([]string, len(forms))
		for i, f := range forms {
			texts[i] = formText(f)
		}
		return name + "(" + strings.Join(texts, ", ") + ")"
	}
	switch f := f.(type) {
	case filter.Every:
		return list("every", f)
	case filter.Some:
		return list("some", f)
	}
	t := f.(filter.Test)
	if t.Kind == filter.TestOther {
		return "other"
	}
	text := fmt.Sprint(t.Fields)
	if t.All {
		text = "all " + text
	}
	if t.Negated {
		text = "not " + text
	}
	for _, n := range t.Numbers {
		text += fmt.Sprintf(" %d-%d", n.From, n.To)
	}
	for _, a := range t.Addrs {
		text += fmt.Sprintf(" %v-%v", a.From, a.To)
	}
	return text
}

func TestForm(t *testing.T) {
	set, err := filter.NewSet("ports", "80")
	require.NoError(t, err)
	for expr, want := range map[string]string{
		``:                                     `every()`,
		`not any`:                              `some()`,
		`proto tcp`:                            `[proto] 6-6`,
		`not proto tcp`:                        `[proto] 0-5 7-255`,
		`port 80 or port 443`:                  `[src_port dst_port] 80-80 443-443`,
		`not port 80`:                          `not [src_port dst_port] 80-80`,
		`src and dst port 80`:                  `all [src_port dst_port] 80-80`,
		`src address 192.0.2.0/24`:             `[src_addr] 192.0.2.0-192.0.2.255`,
		`not dst address in [::1 ::2]`:         `not [dst_addr] ::1-::2`,
		`not (proto 6 and src port 1)`:         `some([proto] 0-5 7-255, [src_port] 0-0 2-65535)`,
		`has vlan_id`:                          `[vlan_id]`,
		`not has vlan_id`:                      `not [vlan_id]`,
		`flags syn`:                            `every([proto] 6-6, other)`,
		`not flags syn`:                        `some([proto] 0-5 7-255, other)`,
		`port in @ports`:                       `other`,
		`src address ::1-::1:0:0:0`:            `[src_addr] ::1-::fffe:ffff:ffff ::1:0:0:0-::1:0:0:0`, // without IPv4
		`src country DE`:                       `other`,
		`bps >1M`:                              `other`,
		`nobody_knows = 1`:                     `other`,
		`src port 1 and (bytes >1 or tos 2)`:   `every([src_port] 1-1, some([bytes] 2-18446744073709551615, [ip_tos] 2-2))`,
		`src port = dst_port`:                  `other`,
		`src mac 02:00:00:00:00:01`:            `other`,
		`inner src port 4 or inner src port 5`: `[inner_src_port] 4-5`,
	} {
		require.Equal(t, want, formText(filter.Expr(expr, filter.With(set)).Form()), expr)
	}
	require.Equal(t, "other", formText(filter.Func("f", func(*flow.Flow) bool { return true }).Form()))
	require.Equal(t, "other", formText(filter.Expr("port port").Form()))
}

func TestSplit(t *testing.T) {
	ports := func(t filter.Test) bool { return t.Fields[0] == flow.FieldSrcPort || t.Fields[0] == flow.FieldProto }
	set, err := filter.NewSet("web", "80")
	require.NoError(t, err)
	for _, tt := range []struct{ expr, part, rest string }{
		{``, `any`, `any`},
		{`not any`, `not any`, `any`},
		{`proto tcp and port 80`, `proto tcp and port 80`, `any`},
		{`proto tcp and bytes >1k and port 80`, `proto tcp and port 80`, `bytes > 1k`},
		{`bytes >1k`, `any`, `bytes > 1k`},
		{`tcp port 80 and bytes >1k`, `tcp port 80`, `bytes > 1k`},
		{`not (port 80 or bytes >1k)`, `not port 80`, `not bytes > 1k`},
		{`not not (port 80 and bytes >1k)`, `port 80`, `bytes > 1k`},
		{`port 80 or bytes >1k`, `any`, `port 80 or bytes > 1k`},
		{`(port 80 and bytes >1k) or port 53`, `(src_port = 53 or dst_port = 53) or (src_port = 80 or dst_port = 80)`, `(port 80 and bytes > 1k) or port 53`},
		{`not (port 80 and (proto 17 or bytes >1k))`, `not (src_port = 80 or dst_port = 80) or proto in [0-16 18-255]`, `not (port 80 and (proto 17 or bytes > 1k))`},
		{`flags syn and port 80`, `proto = 6 and port 80`, `flags syn`},
		{`port in @web and proto 6`, `proto 6`, `port in @web`},
		{`nobody_knows = 1 and proto 6`, `proto 6`, `nobody_knows = 1`},
		{`src and dst port 80 and bytes >1`, `src and dst port 80`, `bytes > 1`},
	} {
		p := filter.Expr(tt.expr, filter.With(set))
		part, rest := filter.Split(p, ports)
		require.Equal(t, []string{tt.part, tt.rest}, []string{part.String(), rest.String()}, tt.expr)
	}
	part, rest := filter.Split(filter.Expr("port port"), ports)
	require.True(t, part.IsAll())
	require.Error(t, rest.Err())
}

// holds tests a form, one field after the other.
func holds(f filter.Form, b *flow.Batch, fl *flow.Flow) bool {
	switch f := f.(type) {
	case filter.Every:
		return !slices.ContainsFunc(f, func(f filter.Form) bool { return !holds(f, b, fl) })
	case filter.Some:
		return slices.ContainsFunc(f, func(f filter.Form) bool { return holds(f, b, fl) })
	}
	t := f.(filter.Test)
	passing := 0
	for _, field := range t.Fields {
		passes := false
		switch t.Kind {
		case filter.TestNumbers:
			v, _ := b.Uint(fl, field)
			passes = slices.ContainsFunc(t.Numbers, func(r filter.NumberRange) bool { return r.From <= v && v <= r.To })
		case filter.TestAddrs:
			a, ok := b.Addr(fl, field)
			passes = ok && slices.ContainsFunc(t.Addrs, func(r filter.AddrRange) bool {
				return bytes.Compare(r.From[:], a[:]) <= 0 && bytes.Compare(a[:], r.To[:]) <= 0
			})
		case filter.TestPresence:
			passes = b.Has(fl, field)
		}
		if passes {
			passing++
		}
	}
	return (passing == len(t.Fields) || passing > 0 && !t.All) != t.Negated
}

// TestSplitKeepsTheMeaning splits expressions at random, and compares the whole
// with its parts, and the form of the part with the part.
func TestSplitKeepsTheMeaning(t *testing.T) {
	const size, seed = 256, 2
	world := newWorld(t, size)
	fill := rand.New(rand.NewPCG(seed, 0))
	b := flow.NewOwner(flow.OwnerConfig{Size: size, Layout: world.layout, Symbols: world.b.Symbols()}).Begin(0, world.b.Deadline())
	for range size {
		fillRandom(fill, b, b.Next())
	}
	taken, refused := 0, 0
	for i := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, i))
		w := &writer{r: r, terms: some(r, twinTerms, 5)}
		expr, _ := w.expr(3)
		p, err := filter.Parse(expr, world.opts...)
		require.NoError(t, err, expr)
		can := func(t filter.Test) bool { return t.Fields[0]%3 != flow.Field(i%3) }
		part, rest := filter.Split(p, can)
		again, err := filter.Parse(part.String(), world.opts...)
		require.NoError(t, err, "%s of %s", part, expr)
		form := part.Form()
		for fl := range b.All() {
			inPart := part.MatchIn(b, fl)
			switch {
			case p.MatchIn(b, fl) != (inPart && rest.MatchIn(b, fl)):
				t.Fatalf("%s\npart %s\nrest %s\n%s", expr, part, rest, show(b, fl))
			case holds(form, b, fl) != inPart:
				t.Fatalf("%s\nis not %s\n%s", part, formText(form), show(b, fl))
			case again.MatchIn(b, fl) != inPart:
				t.Fatalf("%s\nis not %s\n%s", part, again, show(b, fl))
			}
			if inPart {
				taken++
			} else {
				refused++
			}
		}
	}
	require.Greater(t, taken, 10000)
	require.Greater(t, refused, 10000)
}

func ExampleSplit() {
	p := filter.Expr("proto tcp and src address 192.0.2.0/24 and bytes >1M")
	// A database that knows addresses and protocols.
	part, rest := filter.Split(p, func(t filter.Test) bool {
		return t.Kind == filter.TestAddrs || t.Fields[0] == flow.FieldProto
	})
	fmt.Println(part)
	fmt.Println(rest)
	for _, f := range part.Form().(filter.Every) {
		switch t := f.(filter.Test); t.Kind {
		case filter.TestNumbers:
			fmt.Println(t.Fields, t.Numbers)
		case filter.TestAddrs:
			fmt.Println(t.Fields, netip.AddrFrom16(t.Addrs[0].From).Unmap(), netip.AddrFrom16(t.Addrs[0].To).Unmap())
		}
	}
	// Output:
	// proto tcp and src address 192.0.2.0/24
	// bytes > 1M
	// [src_addr] 192.0.2.0 192.0.2.255
	// [proto] [{6 6}]
}

// TestWordsThatAreFields compares fields whose names are words of the language.
func TestWordsThatAreFields(t *testing.T) {
	for expr, want := range map[string]bool{
		"normalized": true, "normalized = 1": true, "normalized in [0 2-255]": false, "normalized not in [0]": true, "not normalized": false,
	} {
		p, err := filter.Parse(expr)
		require.NoError(t, err, expr)
		var fl flow.Flow
		fl.SetNormalized(1)
		require.Equal(t, want, p.Match(&fl), expr)
	}
}
