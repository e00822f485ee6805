package netflow

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec/codectest"
	decode "github.com/flowpipeline/pipeline/internal/netflow"
)

// exportable returns the names of all fields that a version has elements for.
func exportable(version uint16) (names []string) {
	for _, f := range flow.Fields() {
		if _, err := columnOf(f.Info(), version); err == nil {
			names = append(names, f.String())
		}
	}
	return names
}

// expected returns what a field is after a trip, or nil if it may be absent.
func expected(version uint16, b *flow.Batch, fl *flow.Flow, f flow.Field) any {
	info := b.Layout().Info(f)
	switch info.Kind {
	case flow.KindAddr:
		a, _ := b.Addr(fl, f)
		return a
	case flow.KindText, flow.KindSymbol:
		v, _ := b.Text(fl, f)
		if len(v) == 0 {
			return nil // empty and absent are one
		}
		return strings.TrimRight(string(v), " ")
	case flow.KindU32s:
		l, _ := b.U32s(fl, f)
		if f == flow.FieldMPLSLabels {
			out := []uint32{}
			for _, v := range l {
				out = append(out, v&0xfffff)
			}
			if len(out) == 0 || contains0(out) {
				return nil // an entry of zero ends a stack
			}
			l = out
		}
		switch f { // whole ones
		case flow.FieldLargeCommunities, flow.FieldSrcLargeCommunities:
			l = l[:len(l)-len(l)%3]
		case flow.FieldExtCommunities, flow.FieldSrcExtCommunities:
			l = l[:len(l)-len(l)%2]
		}
		return fmt.Sprint(l)
	case flow.KindAddrs:
		l, _ := b.Addrs(fl, f)
		return fmt.Sprint(l)
	}
	v, _ := b.Uint(fl, f)
	switch {
	case info.Kind == flow.KindTime:
		if int64(v) < milli {
			return nil // absent
		}
		v -= v % uint64(milli)
	case f == flow.FieldTCPFlags && version == v9:
		v &= 0xff
	case f == flow.FieldFlowLabel && version == v9:
		v &= 1<<24 - 1
	case f == flow.FieldIPFlags:
		v &= 7
	case f == flow.FieldSamplingRate && v == 0:
		return nil
	case f == flow.FieldTunnelID && (v>>56 == 1 || v>>56 == 2):
		v &= 1<<24 - 1 // below the kind of an overlay
	}
	return v
}

func contains0(l []uint32) bool {
	for _, v := range l[:len(l)-1] {
		if v == 0 {
			return true
		}
	}
	return false
}

// TestRoundTrip exports random flows with all fields there are elements for, and
// decodes them.
func TestRoundTrip(t *testing.T) {
	for scheme, p := range schemes {
		if p.network == "tcp" {
			continue // TestTCP
		}
		t.Run(scheme, func(t *testing.T) {
			names := exportable(p.version)
			require.Greater(t, len(names), 80)
			sock := listen(t)
			r := open(t, scheme+"://"+sock.addr(), Fields(names...), ObservationDomain(7), MTU(8000))
			random := rand.New(rand.NewPCG(1, uint64(p.version)))
			for range 300 {
				fl := r.batch.Next()
				codectest.Fill(random, r.batch, fl, func(info *flow.FieldInfo) bool { return random.IntN(4) > 0 })
				if p.version == v9 { // within reach of uptime
					fl.SetTimeStart(now - random.Int64N(int64(reach)))
					fl.SetTimeEnd(now + random.Int64N(int64(reach)))
				}
			}
			require.NoError(t, r.write())
			dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
			got := dec.decode(sock.take())
			require.Equal(t, 300, got.Len())
			require.Zero(t, dec.count(decode.LostRecords)+dec.count(decode.LostDatagrams)+dec.count(decode.HeldSets))
			for reason := decode.UnknownVersion; reason < decode.NumReasons; reason++ {
				require.Zero(t, dec.count(reason), reason)
			}
			sent, _ := r.batch.Raw()
			back, _ := got.Raw()
			for i := range sent {
				have := codectest.Dump(got, &back[i])
				for _, name := range names {
					f, _ := flow.FieldByName(name)
					want := expected(p.version, r.batch, &sent[i], f)
					if a, ok := want.(flow.Addr); ok {
						if a.IsZero() {
							h, _ := have[name].(flow.Addr)
							require.True(t, h.IsZero() || h.Is4() && h.V4() == 0, name)
							continue
						}
					}
					if want != nil {
						require.Equal(t, want, have[name], "flow %d: %s", i, name)
					}
				}
			}
		})
	}
}

// TestUsualFields has what is exported by default come back, absent fields
// included as far as the protocols go.
func TestUsualFields(t *testing.T) {
	for _, scheme := range []string{"ipfix", "netflow9"} {
		sock := listen(t)
		r := open(t, scheme+"://"+sock.addr())
		a, b, c, d := web(), web6(), web(), web6()
		a.SetSamplingRate(1000)
		a.SetNextHop(flow.MustParseAddr("192.0.2.254"))
		b.SetSamplingRate(64)
		b.SetProto(flow.ProtoICMPv6)
		b.SetICMPType(128)
		b.SetICMPCode(3)
		c.SetNextHop(flow.MustParseAddr("2001:db8::9")) // RFC 8950
		c.SetSrcAS(4200000001)
		c.SetSrcPrefixLen(24)
		d.SetSamplingRate(2000)
		d.SetNormalized(1)
		d.SetDstPrefixLen(48)
		r.add(a, b, c, d)
		require.NoError(t, r.write())
		dec := newDecoder(t, r.symbols, r.layout, decode.Config{})
		got, rows := dec.decode(sock.take()).Raw()
		require.Len(t, rows, 4)
		for i, want := range []flow.Flow{a, b, c, d} {
			fl := got[i]
			require.Equal(t, want.SrcAddr, fl.SrcAddr)
			require.Equal(t, want.DstAddr, fl.DstAddr)
			require.Equal(t, want.EtherType, fl.EtherType)
			require.Equal(t, want.Bytes, fl.Bytes)
			require.Equal(t, want.Packets, fl.Packets)
			require.Equal(t, want.TimeStart/milli*milli, fl.TimeStart)
			require.Equal(t, want.TimeEnd/milli*milli, fl.TimeEnd)
			require.Equal(t, want.SrcAS, fl.SrcAS)
			require.Equal(t, want.SrcPrefixLen, fl.SrcPrefixLen)
			require.Equal(t, want.DstPrefixLen, fl.DstPrefixLen)
			require.Equal(t, want.ICMPType, fl.ICMPType)
			require.Equal(t, want.ICMPCode, fl.ICMPCode)
			require.Equal(t, want.NextHop.Netip().String(), map[bool]string{true: fl.NextHop.Netip().String(), false: "invalid IP"}[!want.NextHop.IsZero()])
		}
		require.EqualValues(t, 1000, got[0].SamplingRate)
		require.EqualValues(t, 64, got[1].SamplingRate)
		require.False(t, got[2].Has(flow.FieldSamplingRate), "unknown")
		require.EqualValues(t, 1, got[3].SamplingRate, "multiplied already")
	}
}

// TestUsualIsWhatFieldsGive has the way of most records agree with that of others.
func TestUsualIsWhatFieldsGive(t *testing.T) {
	for _, version := range []uint16{v9, ipfix} {
		cols, err := bind(nil, version, usual(version))
		require.NoError(t, err)
		e := element{flow.IE{ID: ieSamplerID}, 1}
		cols = append(cols, column{op: opSampler, v4: e, v6: e})
		fast, err := newTemplates(version, true, cols)
		require.NoError(t, err)
		slow, err := newTemplates(version, false, cols)
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(3, 4))
		b := codectest.Batch(500, func(b *flow.Batch, fl *flow.Flow) {
			codectest.Fill(random, b, fl, func(*flow.FieldInfo) bool { return random.IntN(3) > 0 })
		})
		var enc encoder
		enc.clock.set(now)
		for fl := range b.All() {
			enc.sampler = uint8(random.Uint32())
			p, q := make([]byte, 500), make([]byte, 500)
			tp, tq := fast.of(b, fl), slow.of(b, fl)
			n, ok := enc.record(tp, b, fl, p)
			require.True(t, ok)
			require.Equal(t, tp.size, n)
			m, _ := enc.record(tq, b, fl, q)
			require.Equal(t, q[:m], p[:n])
			require.Equal(t, tq.wire, tp.wire)
		}
	}
}

// TestLists has lists say what they are lists of (RFC 8549, 9487).
func TestLists(t *testing.T) {
	for f, want := range map[flow.Field][3]uint16{
		flow.FieldCommunities:         {485, 483, 4},
		flow.FieldSrcCommunities:      {484, 483, 4},
		flow.FieldExtCommunities:      {488, 486, 8},
		flow.FieldSrcExtCommunities:   {487, 486, 8},
		flow.FieldLargeCommunities:    {491, 489, 12},
		flow.FieldSrcLargeCommunities: {490, 489, 12},
		flow.FieldSRv6Segments:        {496, 494, 16},
	} {
		c, err := columnOf(f.Info(), ipfix)
		require.NoError(t, err)
		require.Equal(t, want, [3]uint16{c.v4.ID, c.list.ID, c.list.length}, f)
	}
}
