package rpki_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// export is what a validator writes of VRPs such as "192.0.2.0/24-26 AS64496".
func export(vrps ...string) []byte {
	var entries []string
	for _, v := range vrps {
		prefix, asn, _ := strings.Cut(v, " AS")
		prefix, maxLen, _ := strings.Cut(prefix, "-")
		entries = append(entries, fmt.Sprintf(`{"asn":"AS%s","prefix":%q,"maxLength":%s,"ta":"test"}`, asn, prefix, maxLen))
	}
	return []byte(`{"roas":[` + strings.Join(entries, ",") + `]}`)
}

// side is what a flow tells of its source or destination: "192.0.2.7/24 AS64496".
func side(t testing.TB, text string) (addr flow.Addr, bits uint8, asn uint32) {
	t.Helper()
	prefix, origin, _ := strings.Cut(text, " AS")
	p, err := netip.ParsePrefix(prefix)
	require.NoError(t, err)
	_, err = fmt.Sscan(origin, &asn)
	require.NoError(t, err)
	return flow.AddrFrom(p.Addr()), uint8(p.Bits()), asn
}

// between is a flow that tells its routes.
func between(t testing.TB, src, dst string) (fl flow.Flow) {
	t.Helper()
	addr, bits, asn := side(t, src)
	fl.SetSrcAddr(addr)
	fl.SetSrcPrefixLen(bits)
	fl.SetSrcAS(asn)
	addr, bits, asn = side(t, dst)
	fl.SetDstAddr(addr)
	fl.SetDstPrefixLen(bits)
	fl.SetDstAS(asn)
	return fl
}

// state is what a flow has of the validation: "valid", "invalid length" …, or
// "absent".
func state(b *flow.Batch, fl *flow.Flow, f, why flow.Field) string {
	if !fl.Has(f) {
		if b.Has(fl, why) {
			return "absent, but with a reason"
		}
		return "absent"
	}
	v, _ := b.Uint(fl, f)
	text := flow.EnumText(f, v)
	if reason, ok := b.Uint(fl, why); ok {
		text += " " + flow.EnumText(why, reason)
	}
	return text
}

func srcState(b *flow.Batch, fl *flow.Flow) string {
	return state(b, fl, flow.FieldSrcRPKI, flow.FieldSrcRPKIReason)
}

func dstState(b *flow.Batch, fl *flow.Flow) string {
	return state(b, fl, flow.FieldDstRPKI, flow.FieldDstRPKIReason)
}

var vrps = export("192.0.2.0/24-26 AS64496", "2001:db8::/32-48 AS64497", "198.51.100.0/24-24 AS0")

func TestBothSides(t *testing.T) {
	cases := []struct{ side, want string }{
		{"192.0.2.7/24 AS64496", "valid"},
		{"192.0.2.7/26 AS64496", "valid"},
		{"192.0.2.7/27 AS64496", "invalid length"},
		{"192.0.2.7/24 AS64497", "invalid origin"},
		{"192.0.2.7/23 AS64496", "notfound"},
		{"203.0.113.7/24 AS64496", "notfound"},
		{"198.51.100.7/24 AS64496", "invalid origin"},
		{"2001:db8:7::1/48 AS64497", "valid"},
		{"2001:db8:7::1/64 AS64497", "invalid length"},
		{"2001:db8:7::1/128 AS64496", "invalid origin"},
		// The route is not known.
		{"192.0.2.7/24 AS0", "absent"},
		{"198.51.100.7/24 AS0", "absent"},
		{"192.0.2.7/0 AS64497", "absent"},
		{"192.0.2.7/24 AS23456", "absent"},
		{"::/24 AS64496", "absent"},
	}
	const valid = "192.0.2.9/24 AS64496"
	var flows []flow.Flow
	for _, c := range cases {
		flows = append(flows, between(t, c.side, valid), between(t, valid, c.side))
	}
	odd := between(t, valid, valid)
	odd.SetSrcPrefixLen(33)
	flows = append(flows, odd, flow.Flow{})
	cases = append(cases, struct{ side, want string }{"", "absent"})

	got := pipelinetest.Record()
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(rpki.Validate(rpki.JSONData("vrps", vrps))).To(got))
	n := 0
	got.Each(func(b *flow.Batch, fl *flow.Flow) {
		src, dst := "valid", "valid"
		switch c := cases[n/2]; {
		case n == len(flows)-1:
			src, dst = "absent", "absent"
		case n%2 == 0:
			src = c.want
		default:
			dst = c.want
		}
		require.Equal(t, src, srcState(b, fl), "source of %d, %v", n, cases[n/2].side)
		require.Equal(t, dst, dstState(b, fl), "destination of %d, %v", n, cases[n/2].side)
		require.False(t, fl.Has(flow.FieldValidationStatus))
		n++
	})
	require.Equal(t, len(flows), n)
	c := stats.Stages[1].Counters
	require.EqualValues(t, 3, c["vrps"])
	require.EqualValues(t, 1, c["reloads"])
	require.EqualValues(t, 0, c["failed_reloads"])
	require.EqualValues(t, 2*len(flows), c["valid"]+c["invalid"]+c["not_found"]+c["unknown"])
	require.EqualValues(t, 2*5+1+2, c["unknown"])
	require.EqualValues(t, 2*5, c["invalid"])
	require.EqualValues(t, 2*2, c["not_found"])
}

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, func() pipeline.Transform { return rpki.Validate(rpki.JSONData("vrps", vrps)) })
}

// TestEarlierStatesAreReplaced, also by none.
func TestEarlierStatesAreReplaced(t *testing.T) {
	known, unknown := between(t, "192.0.2.7/24 AS64496", "192.0.2.7/27 AS64496"), flow.Flow{}
	old := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			fl.SetSrcRPKI(flow.RPKIInvalid)
			b.SetSrcRPKIReason(fl, flow.RPKIReasonLength)
			fl.SetDstRPKI(flow.RPKIInvalid)
			b.SetDstRPKIReason(fl, flow.RPKIReasonOrigin)
			fl.SetValidationStatus(flow.RPKIValid)
		}
		return nil
	})
	for _, c := range []struct {
		opts          []rpki.Option
		want, unknown uint8
	}{{nil, flow.RPKIValid, flow.RPKIValid}, {[]rpki.Option{rpki.FillValidationStatus()}, flow.RPKIInvalid, flow.RPKIUnknown}} {
		got := pipelinetest.Record()
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(known, unknown)).Through(old, rpki.Validate(append(c.opts, rpki.JSONData("vrps", vrps))...)).To(got))
		var texts []string
		got.Each(func(b *flow.Batch, fl *flow.Flow) { texts = append(texts, srcState(b, fl), dstState(b, fl)) })
		require.Equal(t, []string{"valid", "invalid length", "absent", "absent"}, texts)
		require.Equal(t, c.want, got.Flows()[0].ValidationStatus)
		require.Equal(t, c.unknown, got.Flows()[1].ValidationStatus)
	}
}

// table is a RIB with one route.
type table struct {
	prefix netip.Prefix
	origin uint32
}

func (r table) Route(_ *flow.Flow, addr flow.Addr) (rpki.Route, bool) {
	return rpki.Route{PrefixLen: uint8(r.prefix.Bits()), Origin: r.origin}, addr.In(r.prefix)
}

func TestRoutes(t *testing.T) {
	fl := between(t, "192.0.2.7/32 AS65000", "2001:db8::1/32 AS64497")
	for origin, want := range map[uint32]string{64496: "valid", 64497: "invalid origin", 0: "invalid origin"} {
		got := pipelinetest.Record()
		validate := rpki.Validate(rpki.JSONData("vrps", vrps), rpki.Routes(table{netip.MustParsePrefix("192.0.2.0/24"), origin}))
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(fl)).Through(validate).To(got))
		got.Each(func(b *flow.Batch, fl *flow.Flow) {
			require.Equal(t, want, srcState(b, fl))
			require.Equal(t, "valid", dstState(b, fl), "as the flow tells, for the RIB does not know")
		})
	}
}

// TestFilterWords: what the demonstration branches on.
func TestFilterWords(t *testing.T) {
	plan := func(expr string, n *sink.Counter) *pipeline.Plan {
		return pipeline.From(pipelinetest.Flows(
			between(t, "192.0.2.7/24 AS64496", "192.0.2.7/27 AS64496"),
			between(t, "192.0.2.7/24 AS64497", "203.0.113.7/24 AS1"),
			flow.Flow{},
		)).Through(rpki.Validate(rpki.JSONData("vrps", vrps))).Filter(filter.Expr(expr)).To(n)
	}
	for expr, want := range map[string]int{
		"rpki invalid": 2, "src rpki invalid": 1, "dst rpki invalid": 1, "dst_rpki_reason length": 1, "rpki valid": 1, "rpki notfound": 1, "rpki unknown": 1,
	} {
		n := sink.Count()
		pipelinetest.Run(t, plan(expr, n))
		require.EqualValues(t, want, n.Flows(), expr)
	}
}

func TestMistakesAreToldByBuild(t *testing.T) {
	for want, opts := range map[string][]rpki.Option{
		"there is no source of VRPs":                                 nil,
		"no source of VRPs: give RTR or JSON":                        {rpki.SLURM("slurm.json")},
		"RTR: there is no cache":                                     {rpki.RTR()},
		`cache "udp://a:1" does not begin with tcp:// or tls://`:     {rpki.RTR("udp://a:1")},
		`cache "tcp://:323": the host is missing`:                    {rpki.RTR("tcp://:323")},
		`port "x" is no number`:                                      {rpki.RTR("cache:x")},
		"JSON: the location is empty":                                {rpki.JSON("")},
		"JSON: http://: the host is missing":                         {rpki.JSON("http://")},
		"SLURM: there can be only one":                               {rpki.JSON("a"), rpki.SLURM("a"), rpki.SLURM("b")},
		`bundled: at byte 11: roas[0]: "asn" or "prefix" is missing`: {rpki.JSONData("bundled", []byte(`{"roas":[{}]}`))},
		"Reload: every 0s makes no sense":                            {rpki.JSON("a"), rpki.Reload(0)},
		"Wait: -1ns makes no sense":                                  {rpki.JSON("a"), rpki.Wait(-1)},
		"MaxBytes: 0 bytes make no sense":                            {rpki.JSON("a"), rpki.MaxBytes(0)},
		"Dial: the function is nil":                                  {rpki.JSON("a"), rpki.Dial(nil)},
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(rpki.Validate(opts...)).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "rpki")
	}
}

func TestPortsOfCaches(t *testing.T) {
	for address, want := range map[string]string{
		"cache": "cache:323", "tcp://cache": "cache:323", "tls://cache/": "cache:324", "cache:3323": "cache:3323", "tls://[2001:db8::1]": "[2001:db8::1]:324",
	} {
		asked := make(chan string, 1)
		dial := func(_ context.Context, _, address string) (net.Conn, error) {
			select {
			case asked <- address:
			default:
			}
			return nil, net.ErrClosed
		}
		pipelinetest.Run(t, pipeline.From(pipelinetest.Flows()).Through(rpki.Validate(rpki.RTR(address), rpki.Dial(dial), rpki.Wait(50*time.Millisecond))).To(sink.Discard()))
		require.Equal(t, want, <-asked)
	}
}
