package vrp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// set makes a set of VRPs written as String writes them.
func set(t *testing.T, texts ...string) vrp.Set {
	t.Helper()
	var list []vrp.VRP
	for _, text := range texts {
		var prefix string
		var maxLen int
		var asn uint32
		_, err := fmt.Sscanf(text, "%s AS%d", &prefix, &asn)
		require.NoError(t, err, text)
		at := slices.Index([]byte(prefix), '-')
		_, err = fmt.Sscanf(prefix[at+1:], "%d", &maxLen)
		require.NoError(t, err, text)
		v, err := vrp.New(netip.MustParsePrefix(prefix[:at]), maxLen, asn)
		require.NoError(t, err, text)
		require.Equal(t, text, v.String())
		list = append(list, v)
	}
	return vrp.NewSet(list)
}

func validate(table *vrp.Table, route string, origin uint32) string {
	p := netip.MustParsePrefix(route)
	state, reason := table.Validate(flow.AddrFrom(p.Addr()), uint8(p.Bits()), origin)
	text := flow.EnumText(flow.FieldDstRPKI, uint64(state))
	if r := flow.EnumText(flow.FieldDstRPKIReason, uint64(reason)); r != "" {
		text += " " + r
	}
	return text
}

// TestTruth is what RFC 6811 2 says of routes, also those of RFC 6483 3 and 4.
func TestTruth(t *testing.T) {
	for _, c := range []struct {
		vrps   []string
		route  string
		origin uint32
		want   string
	}{
		// No VRP covers the route.
		{nil, "192.0.2.0/24", 64496, "notfound"},
		{[]string{"198.51.100.0/24-24 AS64496"}, "192.0.2.0/24", 64496, "notfound"},
		{[]string{"192.0.2.0/25-25 AS64496"}, "192.0.2.0/24", 64496, "notfound"},
		{[]string{"192.0.2.0/24-32 AS64496"}, "192.0.0.0/16", 64496, "notfound"},
		// One covers it, and matches.
		{[]string{"192.0.2.0/24-24 AS64496"}, "192.0.2.0/24", 64496, "valid"},
		{[]string{"192.0.2.0/24-26 AS64496"}, "192.0.2.128/25", 64496, "valid"},
		{[]string{"192.0.2.0/24-26 AS64496"}, "192.0.2.64/26", 64496, "valid"},
		{[]string{"2001:db8::/32-48 AS64496"}, "2001:db8:7::/48", 64496, "valid"},
		{[]string{"0.0.0.0/0-32 AS64496"}, "192.0.2.1/32", 64496, "valid"},
		// One covers it, and does not match.
		{[]string{"192.0.2.0/24-24 AS64496"}, "192.0.2.0/24", 64497, "invalid origin"},
		{[]string{"192.0.2.0/24-24 AS64496"}, "192.0.2.0/25", 64496, "invalid length"},
		{[]string{"192.0.2.0/24-24 AS64496"}, "192.0.2.0/25", 64497, "invalid origin"},
		{[]string{"2001:db8::/32-48 AS64496"}, "2001:db8:7:1::/64", 64496, "invalid length"},
		// RFC 6483 3: a covering aggregate with a ROA, and a route more specific.
		{[]string{"10.0.0.0/16-16 AS64496"}, "10.0.0.0/12", 64496, "notfound"},
		{[]string{"10.0.0.0/16-16 AS64496"}, "10.0.0.0/16", 64497, "invalid origin"},
		{[]string{"10.0.0.0/16-16 AS64496"}, "10.0.1.0/24", 64496, "invalid length"},
		// Several: one that matches is enough, whichever it is.
		{[]string{"192.0.2.0/24-24 AS64496", "192.0.2.0/24-24 AS64497"}, "192.0.2.0/24", 64497, "valid"},
		{[]string{"192.0.2.0/24-24 AS64496", "192.0.2.0/24-26 AS64496"}, "192.0.2.0/26", 64496, "valid"},
		{[]string{"192.0.2.0/24-24 AS64496", "192.0.2.0/25-25 AS64497"}, "192.0.2.0/25", 64497, "valid"},
		{[]string{"192.0.0.0/16-24 AS64496", "192.0.2.0/24-24 AS64497"}, "192.0.2.0/24", 64496, "valid"},
		{[]string{"192.0.0.0/16-20 AS64496", "192.0.2.0/24-24 AS64497"}, "192.0.2.0/24", 64496, "invalid length"},
		{[]string{"192.0.0.0/16-20 AS64496", "192.0.2.0/24-24 AS64497"}, "192.0.2.0/24", 64498, "invalid origin"},
		// RFC 6483 4: AS 0 disavows, and counts for nothing beside another.
		{[]string{"192.0.2.0/24-32 AS0"}, "192.0.2.0/24", 64496, "invalid origin"},
		{[]string{"192.0.2.0/24-32 AS0", "192.0.2.0/24-24 AS64496"}, "192.0.2.0/24", 64496, "valid"},
		// A route without an origin, as behind an AS_SET, matches nothing.
		{[]string{"192.0.2.0/24-32 AS0"}, "192.0.2.0/24", 0, "invalid origin"},
		{[]string{"192.0.2.0/24-24 AS64496"}, "192.0.2.0/24", 0, "invalid origin"},
		{[]string{"198.51.100.0/24-24 AS64496"}, "192.0.2.0/24", 0, "notfound"},
		// IPv4 and IPv6 do not cover each other.
		{[]string{"::/0-128 AS64496"}, "192.0.2.0/24", 64496, "notfound"},
		{[]string{"0.0.0.0/0-32 AS64496"}, "::/0", 64496, "notfound"},
	} {
		require.Equal(t, c.want, validate(vrp.NewTable(set(t, c.vrps...)), c.route, c.origin), "%v AS%d with %v", c.route, c.origin, c.vrps)
	}
}

// slowly is the slow twin of Validate: the words of RFC 6811 2.
func slowly(s vrp.Set, route netip.Prefix, origin uint32) string {
	covered, length := false, false
	for _, v := range s {
		if p := v.Prefix(); p.Bits() > route.Bits() || !p.Contains(route.Addr()) {
			continue
		}
		covered = true
		if v.ASN != 0 && v.ASN == origin {
			if route.Bits() <= int(v.MaxLen) {
				return "valid"
			}
			length = true
		}
	}
	switch {
	case length:
		return "invalid length"
	case covered:
		return "invalid origin"
	}
	return "notfound"
}

func TestValidatesLikeTheSlowTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	few := func() netip.Prefix { // in few places, so that many are in others
		if r.IntN(2) == 0 {
			p, _ := netip.AddrFrom4([4]byte{192, 0, byte(r.IntN(2)), byte(r.IntN(4) * 64)}).Prefix(14 + r.IntN(19))
			return p
		}
		p, _ := netip.AddrFrom16([16]byte{0x20, 1, 7: byte(r.IntN(2)), 9: byte(r.IntN(2))}).Prefix(r.IntN(129))
		return p
	}
	seen := map[string]int{}
	for range 300 {
		var list []vrp.VRP
		for range r.IntN(120) {
			p := few()
			v, err := vrp.New(p, p.Bits()+r.IntN(p.Addr().BitLen()-p.Bits()+1), r.Uint32N(40))
			require.NoError(t, err)
			list = append(list, v)
		}
		s := vrp.NewSet(list)
		table := vrp.NewTable(s)
		for range 200 {
			p, origin := few(), r.Uint32N(40)
			want := slowly(s, p, origin)
			seen[want]++
			require.Equal(t, want, validate(table, p.String(), origin), "%v AS%d with %v", p, origin, s)
		}
	}
	for _, state := range []string{"valid", "invalid origin", "invalid length", "notfound"} {
		require.Greater(t, seen[state], 100, state)
	}
}

// TestAnyAddressOfTheRoute: a flow tells an address, and not the prefix.
func TestAnyAddressOfTheRoute(t *testing.T) {
	table := vrp.NewTable(set(t, "192.0.2.0/24-24 AS64496", "192.0.2.7/32-32 AS64497"))
	state, reason := table.Validate(flow.MustParseAddr("192.0.2.7"), 24, 64496)
	require.EqualValues(t, flow.RPKIValid, state)
	require.EqualValues(t, flow.RPKIReasonNone, reason)
	state, reason = table.Validate(flow.MustParseAddr("192.0.2.7"), 23, 64496)
	require.EqualValues(t, flow.RPKINotFound, state)
	require.EqualValues(t, flow.RPKIReasonNone, reason)
}

func TestValidateAllocatesNothing(t *testing.T) {
	table := vrp.NewTable(world(1000))
	a := flow.MustParseAddr("2001:db8::1")
	require.Zero(t, testing.AllocsPerRun(100, func() { table.Validate(a, 48, 64496) }))
}

func TestApply(t *testing.T) {
	const a, b, c = "192.0.2.0/24-24 AS64496", "192.0.2.0/24-24 AS64497", "2001:db8::/32-48 AS64496"
	change := func(text string, announce bool) vrp.Change {
		return vrp.Change{VRP: set(t, text)[0], Announce: announce}
	}
	base := set(t, a, c)

	got, err := base.Apply([]vrp.Change{change(b, true), change(a, false)})
	require.NoError(t, err)
	require.Equal(t, set(t, b, c), got)
	require.Equal(t, set(t, a, c), base, "the set that was there is as it was")

	got, err = base.Apply([]vrp.Change{change(a, false), change(a, true), change(b, true), change(b, false)})
	require.NoError(t, err)
	require.Equal(t, base, got)

	got, err = vrp.Set(nil).Apply([]vrp.Change{change(c, true), change(a, true)})
	require.NoError(t, err)
	require.Equal(t, base, got)

	_, err = base.Apply([]vrp.Change{change(a, true)})
	require.ErrorIs(t, err, vrp.ErrDuplicate)
	require.ErrorContains(t, err, a)
	_, err = base.Apply([]vrp.Change{change(b, false)})
	require.ErrorIs(t, err, vrp.ErrUnknown)
	_, err = base.Apply([]vrp.Change{change(a, false), change(a, false)})
	require.ErrorIs(t, err, vrp.ErrUnknown)
}

func TestUnion(t *testing.T) {
	a, b := set(t, "192.0.2.0/24-24 AS1", "2001:db8::/32-32 AS1"), set(t, "192.0.2.0/24-24 AS1", "192.0.2.0/24-24 AS2")
	require.Equal(t, set(t, "192.0.2.0/24-24 AS1", "192.0.2.0/24-24 AS2", "2001:db8::/32-32 AS1"), vrp.Union(a, b))
	require.Equal(t, a, vrp.Union(a))
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		prefix string
		maxLen int
		want   string
	}{
		{"192.0.2.0/24", 23, "maximum length 23 of prefix 192.0.2.0/24 is not from 24 to 32"},
		{"192.0.2.0/24", 33, "is not from 24 to 32"},
		{"2001:db8::/32", 129, "is not from 32 to 128"},
		{"192.0.2.1/24", 24, "is 192.0.2.0/24 meant?"},
		{"::ffff:192.0.2.0/120", 128, "IPv4 prefix written as one of IPv6"},
	} {
		_, err := vrp.New(netip.MustParsePrefix(c.prefix), c.maxLen, 64496)
		require.ErrorContains(t, err, c.want)
	}
	_, err := vrp.New(netip.Prefix{}, 0, 0)
	require.Error(t, err)
}
