package anonymize_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/anonymize"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("01234567890123456789012345678901")

// What every field of a kind holds before.
var (
	secretAddr  = flow.MustParseAddr("192.0.2.77")
	secretMAC   = flow.MAC{0, 0x1b, 0x21, 0x77, 0x77, 0x77}
	secretText  = "secret.example.net"
	secretField = flow.Extension[flow.Addr]("ext_addr")
	secretList  = flow.Extension[flow.AddrList]("ext_addrs")
	secretOther = flow.Extension[flow.Text]("ext_text")
)

// fill sets every field of the schema that can bear an address or a name, and
// extensions alike.
func fill(_ context.Context, b *flow.Batch) error {
	for fl := range b.All() {
		for _, f := range append(flow.Fields(), b.Layout().Extensions()...) {
			switch b.Layout().Info(f).Kind {
			case flow.KindAddr:
				b.SetAddr(fl, f, secretAddr)
			case flow.KindAddrs:
				b.SetAddrs(fl, f, []flow.Addr{secretAddr, {}, secretAddr})
			case flow.KindMAC:
				b.SetUint(fl, f, secretMAC.Uint64())
			case flow.KindText:
				b.SetText(fl, f, secretText)
			}
		}
	}
	return nil
}

// through runs n flows that are filled through a transform, and calls look for each.
func through(t *testing.T, tr pipeline.Transform, n int, look func(b *flow.Batch, fl *flow.Flow)) pipeline.StageStats {
	t.Helper()
	got := pipelinetest.Record()
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(make([]flow.Flow, n)...)).Through(pipeline.TransformFunc(fill), tr).To(got),
		pipeline.WithExtensions(secretField, secretList, secretOther))
	got.Each(look)
	s, _ := stats.Stage("anonymize")
	return s
}

// bears returns the fields of a flow that still hold what fill set.
func bears(b *flow.Batch, fl *flow.Flow) (names []string) {
	for _, f := range append(flow.Fields(), b.Layout().Extensions()...) {
		info := b.Layout().Info(f)
		still := false
		switch info.Kind {
		case flow.KindAddr:
			a, _ := b.Addr(fl, f)
			still = a == secretAddr
		case flow.KindAddrs:
			list, _ := b.Addrs(fl, f)
			for _, a := range list {
				still = still || a == secretAddr
			}
		case flow.KindMAC:
			v, _ := b.Uint(fl, f)
			still = v == secretMAC.Uint64()
		case flow.KindText:
			text, _ := b.Text(fl, f)
			still = bytes.Contains(text, []byte("secret")) || bytes.Contains(text, []byte("192.0.2.77")) || bytes.Contains(text, []byte("77:77:77"))
		}
		if still {
			names = append(names, info.Name)
		}
	}
	return names
}

// TestNoFieldIsForgotten fails when a field is added to the schema that bears an
// address and stays as it was. IfName is the name of an interface.
func TestNoFieldIsForgotten(t *testing.T) {
	for name, tr := range map[string]pipeline.Transform{
		"Crypto-PAn":         anonymize.CryptoPAn(key),
		"Crypto-PAn and cut": anonymize.CryptoPAn(key, anonymize.Cut(8, 32)),
		"prefix":             anonymize.Prefix(24, 48),
		"prefix, pseudonyms": anonymize.Prefix(24, 48, anonymize.Pseudonyms(key)),
	} {
		t.Run(name, func(t *testing.T) {
			flows := 0
			through(t, tr, 3, func(b *flow.Batch, fl *flow.Flow) {
				require.Equal(t, []string{"if_name"}, bears(b, fl))
				flows++
			})
			require.Equal(t, 3, flows)
		})
	}
	through(t, pipeline.TransformFunc(func(context.Context, *flow.Batch) error { return nil }), 1, func(b *flow.Batch, fl *flow.Flow) {
		require.Greater(t, len(bears(b, fl)), 30, "the test would see what is forgotten")
	})
}

func TestOneAddressIsOnePseudonymInAllFields(t *testing.T) {
	through(t, anonymize.CryptoPAn(key), 2, func(b *flow.Batch, fl *flow.Flow) {
		require.Equal(t, fl.SrcAddr, fl.Exporter)
		list, _ := b.SRv6Segments(fl)
		require.Equal(t, []flow.Addr{fl.SrcAddr, {}, fl.SrcAddr}, list)
		inner, _ := secretField.Get(b, fl)
		require.Equal(t, fl.SrcAddr, inner)
		text, _ := b.SrcAddrText(fl)
		require.Equal(t, fl.SrcAddr.String(), string(text))
		text, _ = b.SrcMACText(fl)
		require.Equal(t, fl.SrcMAC.String(), string(text))
		require.Equal(t, fl.SrcMAC, fl.DstMAC)
		require.EqualValues(t, 2, fl.SrcMAC[0]&3, "locally administered, of one station")
		name, _ := b.SrcHostName(fl)
		require.Regexp(t, "^[0-9a-f]{16}$", string(name))
	})
}

func TestHowItWasDone(t *testing.T) {
	for name, c := range map[string]struct {
		tr              pipeline.Transform
		mode, preserved uint64
	}{
		"Crypto-PAn":         {anonymize.CryptoPAn(key), flow.AnonymizedCryptoPAn, 0},
		"Crypto-PAn and cut": {anonymize.CryptoPAn(key, anonymize.Cut(16, 32)), flow.AnonymizedSubnetAndCryptoPAn, 16},
		"prefix":             {anonymize.Prefix(16, 32), flow.AnonymizedSubnet, 16},
	} {
		t.Run(name, func(t *testing.T) {
			through(t, c.tr, 1, func(b *flow.Batch, fl *flow.Flow) {
				for anon, preserved := range map[flow.Field]flow.Field{
					flow.FieldSrcAddrAnon: flow.FieldSrcAddrPreservedLen, flow.FieldDstAddrAnon: flow.FieldDstAddrPreservedLen,
					flow.FieldExporterAnon: flow.FieldExporterPreservedLen, flow.FieldNextHopAnon: flow.FieldNextHopPreservedLen,
				} {
					mode, _ := b.Uint(fl, anon)
					require.Equal(t, c.mode, mode, anon)
					bits, ok := b.Uint(fl, preserved)
					require.Equal(t, c.preserved, bits, preserved)
					require.Equal(t, c.preserved != 0, ok, preserved)
				}
			})
		})
	}
}

func TestPrefix(t *testing.T) {
	var out bytes.Buffer
	flows := make([]flow.Flow, 3)
	flows[0].SetSrcAddr(flow.MustParseAddr("192.0.2.77"))
	flows[0].SetDstAddr(flow.MustParseAddr("2001:db8:1:2::77"))
	flows[1].SetSrcAddr(flow.MustParseAddr("::1")) // nothing is left
	flows[2].SetSrcAddr(flow.MustParseAddr("255.255.255.255"))
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(anonymize.Prefix(20, 44)).To(sink.JSON(&out)))
	require.Equal(t, `{"src_addr":"192.0.0.0","dst_addr":"2001:db8::","src_addr_anon":2,"dst_addr_anon":2,"src_addr_preserved_len":20,"dst_addr_preserved_len":44}
{"src_addr_anon":2,"src_addr_preserved_len":44}
{"src_addr":"255.255.240.0","src_addr_anon":2,"src_addr_preserved_len":20}
`, out.String())
}

func TestKeep(t *testing.T) {
	s := through(t, anonymize.Prefix(24, 48, anonymize.Keep("sampler_address", "src_host_name", "ext_addr", "SrcMAC")), 1, func(b *flow.Batch, fl *flow.Flow) {
		require.ElementsMatch(t, []string{"sampler_address", "sampler_ip", "src_host_name", "ext_addr", "src_mac", "source_mac", "if_name"}, bears(b, fl),
			"the text follows the address")
		require.False(t, b.Has(fl, flow.FieldExporterAnon))
	})
	require.Positive(t, s.Counters["addresses"])
	require.Positive(t, s.Counters["removed"])
	require.Zero(t, s.Counters["macs"])
}

func TestGroupsStayGroups(t *testing.T) {
	flows := make([]flow.Flow, 2)
	flows[0].SetDstMAC(flow.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	flows[1].SetDstMAC(flow.MAC{0x33, 0x33, 0xff, 1, 2, 3})
	got := pipelinetest.Record()
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(flows...)).Through(anonymize.CryptoPAn(key)).To(got))
	require.Equal(t, flows[0].DstMAC, got.Flows()[0].DstMAC)
	require.NotEqual(t, flows[1].DstMAC, got.Flows()[1].DstMAC)
	require.EqualValues(t, 3, got.Flows()[1].DstMAC[0]&3)
}

// TestTextsWithoutTheAddress are gone, for nothing could be written in their place.
func TestTextsWithoutTheAddress(t *testing.T) {
	text := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			b.SetSrcAddrText(fl, "192.0.2.77")
			b.SetDstMACText(fl, "00:1b:21:77:77:77")
		}
		return nil
	})
	var out bytes.Buffer
	stats := pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(make([]flow.Flow, 1)...)).Through(text, anonymize.CryptoPAn(key)).To(sink.JSON(&out)))
	require.Equal(t, "{}\n", out.String())
	s, _ := stats.Stage("anonymize")
	require.EqualValues(t, 2, s.Counters["removed"])
}

func TestAnotherKeyGivesOtherPseudonyms(t *testing.T) {
	other := bytes.Repeat([]byte{7}, anonymize.KeyLen)
	var first, second flow.Flow
	through(t, anonymize.CryptoPAn(key), 1, func(_ *flow.Batch, fl *flow.Flow) { first = *fl })
	through(t, anonymize.CryptoPAn(other), 1, func(_ *flow.Batch, fl *flow.Flow) { second = *fl })
	require.NotEqual(t, first.SrcAddr, second.SrcAddr)
	require.NotEqual(t, first.SrcMAC, second.SrcMAC)
}

func TestMistakes(t *testing.T) {
	for want, tr := range map[string]pipeline.Transform{
		"the key has 31 bytes and not 32":        anonymize.CryptoPAn(key[1:]),
		"the key has 0 bytes and not 32":         anonymize.Prefix(24, 48, anonymize.Pseudonyms(nil)),
		"lengths of 33 and 48 bits":              anonymize.Prefix(33, 48),
		"lengths of 24 and 0 bits":               anonymize.CryptoPAn(key, anonymize.Cut(24, 0)),
		`Keep: there is no field " SamplerAddr"`: anonymize.CryptoPAn(key, anonymize.Keep(" SamplerAddr")),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "anonymize")
	}
}

func TestConformance(t *testing.T) {
	pipelinetest.TestTransform(t, func() pipeline.Transform { return anonymize.CryptoPAn(key, anonymize.Cut(24, 64)) })
}
