package filter_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

func batch(n int) *flow.Batch {
	b := flow.NewOwner(flow.OwnerConfig{}).Begin(0, time.Time{})
	for i := range n {
		b.Next().SetSrcAS(uint32(i))
	}
	return b
}

func divisible(n uint32) filter.Predicate {
	return filter.Func(fmt.Sprint("by ", n), func(fl *flow.Flow) bool { return fl.SrcAS%n == 0 })
}

func random(r *rand.Rand, depth int) filter.Predicate {
	if depth == 0 {
		return []filter.Predicate{divisible(uint32(2 + r.IntN(6))), divisible(3), filter.All(), filter.None()}[r.IntN(4)]
	}
	ps := make([]filter.Predicate, r.IntN(4))
	for i := range ps {
		ps[i] = random(r, depth-1)
	}
	switch r.IntN(3) {
	case 0:
		return filter.And(ps...)
	case 1:
		return filter.Or(ps...)
	}
	return filter.Not(random(r, depth-1))
}

// TestSelectorsAgreeWithMatch compares what is compiled with the evaluation of
// one flow at a time.
func TestSelectorsAgreeWithMatch(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := random(r, 3)
		b := batch(300)
		b.Keep(func(*flow.Flow) bool { return r.IntN(4) > 0 })
		flows, rows := b.Raw()
		var want, rest []uint16
		for _, i := range rows {
			if p.MatchIn(b, &flows[i]) {
				want = append(want, i)
			} else {
				rest = append(rest, i)
			}
		}
		sel, err := p.Compile(nil)
		require.NoError(t, err)
		for range 2 {
			matched, left := sel.Split(b, slices.Clone(rows))
			require.True(t, slices.Equal(want, matched), "%v", p)
			require.True(t, slices.Equal(rest, left), "%v", p)
		}
		sel.Apply(b)
		_, rows = b.Raw()
		require.True(t, slices.Equal(want, rows), "%v", p)
	}
}

func TestText(t *testing.T) {
	p := filter.Or(filter.And(divisible(2), filter.Not(filter.Or(divisible(3), divisible(5)))), filter.And(divisible(7), filter.All()))
	require.Equal(t, "(by 2 and not (by 3 or by 5)) or by 7", p.String())
	require.Equal(t, "any", filter.And().String())
	require.True(t, filter.Or(filter.None(), filter.All()).IsAll())
}

func TestMistakesAreKept(t *testing.T) {
	bad := errors.New("bad")
	p := filter.Not(filter.And(divisible(2), filter.Invalid(bad)))
	require.ErrorIs(t, p.Err(), bad)
	_, err := p.Compile(nil)
	require.ErrorIs(t, err, bad)
	require.Error(t, filter.Func("nil", nil).Err())
	require.ErrorIs(t, filter.And(filter.None(), filter.Invalid(bad)).Err(), bad)
	require.ErrorIs(t, filter.Or(filter.All(), filter.Invalid(bad)).Err(), bad)
}

func TestAllocatesNothing(t *testing.T) {
	b := batch(500)
	_, rows := b.Raw()
	all := slices.Clone(rows)
	work := slices.Clone(rows)
	sel, err := filter.Or(filter.And(divisible(2), filter.Not(divisible(3))), divisible(7)).Compile(nil)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b.SetRows(append(work[:0], all...))
		sel.Apply(b)
	}))
}

func TestValuesGivenAgain(t *testing.T) {
	for text, want := range map[string]string{
		"port 80 or 443":                    "port 80 or port 443",
		"port 80 or 443 and udp":            "(port 80 or port 443) and udp",
		"udp and port 80 or 443":            "udp and (port 80 or port 443)",
		"tcp dst port http or https":        "tcp dst port http or tcp dst port https",
		"host 192.0.2.1 or ::1 and not tcp": "(host 192.0.2.1 or host ::1) and not tcp",
		"not port 80 and 443":               "not port 80 and port 443",
		"packets > 10 and < 20":             "packets > 10 and packets < 20",
		"country DE or AT":                  "country DE or country AT",
		"asn AS64500 or AS64501":            "asn AS64500 or asn AS64501",
		`iface name "a" or "b" or tcp`:      `iface name "a" or iface name "b" or tcp`,
		"port 80 or of_our_own > 5":         "port 80 or of_our_own > 5",
	} {
		p := filter.Expr(text)
		require.NoError(t, p.Err(), text)
		require.Equal(t, want, p.String(), text)
	}
	_, err := filter.Parse("port 80 or prto tcp")
	require.ErrorContains(t, err, `unknown word "prto": did you mean "proto"?`)
	_, err = filter.Parse("(port 80) or 443")
	require.ErrorContains(t, err, "a number needs a word in front")
}
