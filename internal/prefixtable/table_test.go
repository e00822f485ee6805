package prefixtable_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixtable"
)

// longest is the slow twin: it looks at every prefix but one.
func longest(prefixes []netip.Prefix, a netip.Addr, most, except int) uint32 {
	found, bits := prefixtable.None, -1
	for i, p := range prefixes {
		if i != except && p.Bits() > bits && p.Bits() <= most && p.Contains(a) {
			found, bits = uint32(i), p.Bits()
		}
	}
	return found
}

// crowded makes n prefixes in few places, so that many are in others.
func crowded(r *rand.Rand, n int) []netip.Prefix {
	var list []netip.Prefix
	for len(list) < n {
		var p netip.Prefix
		if r.IntN(2) == 0 {
			a := netip.AddrFrom4([4]byte{byte(r.IntN(2) * 255), byte(r.IntN(2)), byte(r.IntN(4) * 85), byte(r.IntN(256))})
			p, _ = a.Prefix(r.IntN(33))
		} else {
			a := [16]byte{0: byte(r.IntN(2) * 255), 1: byte(r.IntN(2)), 7: byte(r.IntN(3)), 8: byte(r.IntN(2) * 255), 15: byte(r.IntN(256))}
			p, _ = netip.AddrFrom16(a).Prefix(r.IntN(129))
		}
		list = append(list, p)
	}
	slices.SortFunc(list, prefixtable.Compare)
	return slices.Compact(list)
}

// edge returns an address at the beginning of a prefix, at its end, just outside,
// or anywhere in it.
func edge(r *rand.Rand, p netip.Prefix) netip.Addr {
	a := p.Addr().AsSlice()
	switch r.IntN(4) {
	case 0:
		return p.Addr()
	case 1:
		if prev := p.Addr().Prev(); prev.IsValid() {
			return prev
		}
		return p.Addr()
	}
	fill := byte(0xff)
	for bit := p.Bits(); bit < len(a)*8; bit++ {
		if bit%8 == 0 && r.IntN(2) == 0 {
			fill = byte(r.Uint32())
		}
		a[bit/8] |= fill & (0x80 >> (bit % 8))
	}
	last, _ := netip.AddrFromSlice(a)
	return last
}

func TestFindsWhatTheSlowTwinFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		prefixes := crowded(r, r.IntN(60))
		table, around := prefixtable.New(prefixes)
		for i, p := range prefixes {
			require.Equal(t, longest(prefixes, p.Addr(), p.Bits(), i), around[i], "around %v of %v", p, prefixes)
			for range 8 {
				a := edge(r, p)
				require.Equal(t, longest(prefixes, a, 128, -1), table.Longest(flow.AddrFrom(a)), "%v in %v", a, prefixes)
			}
		}
	}
}

func TestNoPrefixes(t *testing.T) {
	table, around := prefixtable.New(nil)
	require.Empty(t, around)
	for _, a := range []string{"0.0.0.0", "255.255.255.255", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
		require.Equal(t, prefixtable.None, table.Longest(flow.MustParseAddr(a)), a)
	}
}

func TestWholeAddressSpaces(t *testing.T) {
	prefixes := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	table, around := prefixtable.New(prefixes)
	require.Equal(t, []uint32{prefixtable.None, prefixtable.None}, around)
	require.EqualValues(t, 0, table.Longest(flow.MustParseAddr("255.255.255.255")))
	require.EqualValues(t, 1, table.Longest(flow.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")))
}
