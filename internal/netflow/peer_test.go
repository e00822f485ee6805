package netflow

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	nf "github.com/netsampler/goflow2/v2/decoders/netflow"
	"github.com/netsampler/goflow2/v2/decoders/netflowlegacy"
	"github.com/netsampler/goflow2/v2/producer"
	protoproducer "github.com/netsampler/goflow2/v2/producer/proto"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// peer is another decoder, to compare with, without the custom mapping that
// makes it slower.
type peer struct {
	templates map[netip.Addr]nf.NetFlowTemplateSystem
	producer  producer.ProducerInterface
	sampling  protoproducer.SamplingRateSystem
}

func newPeer(t testing.TB) *peer {
	cfg, err := (&protoproducer.ProducerConfig{}).Compile()
	require.NoError(t, err)
	p, err := protoproducer.CreateProtoProducer(cfg, protoproducer.CreateSamplingSystem)
	require.NoError(t, err)
	return &peer{map[netip.Addr]nf.NetFlowTemplateSystem{}, p, protoproducer.CreateSamplingSystem()}
}

func (p *peer) decode(g datagram) ([]producer.ProducerMessage, error) {
	args := &producer.ProduceArgs{Src: g.from, SamplerAddress: g.from.Addr(), TimeReceived: time.Unix(0, testNow)}
	buf := bytes.NewBuffer(g.payload)
	if u16(g.payload) == versionV5 {
		var packet netflowlegacy.PacketNetFlowV5
		if err := netflowlegacy.DecodeMessageVersion(buf, &packet); err != nil {
			return nil, err
		}
		return p.producer.Produce(&packet, args)
	}
	templates := p.templates[g.from.Addr()]
	if templates == nil {
		templates = nf.CreateTemplateSystem()
		p.templates[g.from.Addr()] = templates
	}
	var v9 nf.NFv9Packet
	var ipfix nf.IPFIXPacket
	if err := nf.DecodeMessageVersion(buf, templates, &v9, &ipfix); err != nil {
		return nil, err
	}
	if u16(g.payload) == versionV9 {
		return protoproducer.ProcessMessageNetFlowV9Config(&v9, p.sampling, nil)
	}
	return protoproducer.ProcessMessageIPFIXConfig(&ipfix, p.sampling, nil)
}

// peerDiffers are the files that the peer reads in another way on purpose or
// for reasons of its own, and why.
var peerDiffers = map[string]string{
	"netflow.v9.flowStartMilliseconds.dump": "knows no absolute times in v9",
	"netflow_v9.bin":                        "knows no absolute times in v9",
	"it_parses_v5_1_nf5.bin":                "takes a time after the export for one 49.7 days before",
	"it_doesnt_allow_v5_1_nf5.bin":          "takes a time after the export for one 49.7 days before",
	"it_parses_multiple_packets_3_nf5.bin":  "takes a time after the export for one 49.7 days before",
	"netflow9_test_cisco_asa_1_data.dat":    "knows no absolute times in v9",
	"it_parses_v5_and_re_exports_1_nf5.bin": "takes a time after the export for one 49.7 days before",
	"netflow9_test_invalid01.dat":           "gives up at the bad set",
	"netflow9.pcap":                         "reads as many sets as the header counts",
}

// TestPeer compares every flow of the corpus with what another decoder makes of
// it, where that reads the datagram whole.
func TestPeer(t *testing.T) {
	cases := readCases(t)
	compared := 0
	for _, c := range cases {
		r, p := newRig(t, Config{}, 64), newPeer(t)
		for _, f := range c.Files {
			if _, ok := peerDiffers[filepath.Base(f)]; ok {
				continue
			}
			for _, g := range load(t, filepath.Join(corpus, f)) {
				before := *r.dec.Counters()
				var ours []flow.Flow
				var out []bool // has bytes after the observation point too
				r.feed(func(b *flow.Batch, fl *flow.Flow) {
					ours, out = append(ours, *fl), append(out, b.Has(fl, flow.FieldBytesOut))
				}, g)
				if !plain(&before, r.dec.Counters()) {
					continue
				}
				theirs, err := p.decode(g)
				if err != nil {
					continue
				}
				if len(ours) != len(theirs) {
					t.Errorf("%s: %d flows, the peer has %d", f, len(ours), len(theirs))
					continue
				}
				for i := range ours {
					compare(t, f, &ours[i], theirs[i].(*protoproducer.ProtoProducerMessage), !out[i])
					compared++
				}
			}
		}
	}
	t.Logf("%d flows compared", compared)
}

// plain reports whether a datagram was read without anything out of the way.
func plain(before, after *Counters) bool {
	for r := UnknownVersion; r < NumReasons; r++ {
		if before[r] != after[r] {
			return false
		}
	}
	return before[HeldSets] == after[HeldSets] && before[ReleasedSets] == after[ReleasedSets]
}

func compare(t *testing.T, file string, fl *flow.Flow, m *protoproducer.ProtoProducerMessage, counts bool) {
	t.Helper()
	check := func(name string, ours, theirs uint64) {
		if ours != theirs {
			t.Errorf("%s: %s is %d, the peer has %d", file, name, ours, theirs)
		}
	}
	addr := func(a flow.Addr) string { return a.String() }
	peerAddr := func(b []byte) string { a, _ := flow.AddrFromSlice(b); return a.String() }
	if len(m.SrcAddr) > 0 {
		require.Equal(t, peerAddr(m.SrcAddr), addr(fl.SrcAddr), file)
	}
	if len(m.DstAddr) > 0 {
		require.Equal(t, peerAddr(m.DstAddr), addr(fl.DstAddr), file)
	}
	check("proto", uint64(fl.Proto), uint64(m.Proto))
	check("src port", uint64(fl.SrcPort), uint64(m.SrcPort))
	check("dst port", uint64(fl.DstPort), uint64(m.DstPort))
	if counts { // else the peer takes those after the observation point
		check("bytes", fl.Bytes, m.Bytes)
		check("packets", fl.Packets, m.Packets)
	}
	check("in", uint64(fl.InIf), uint64(m.InIf))
	check("out", uint64(fl.OutIf), uint64(m.OutIf))
	check("tos", uint64(fl.TOS), uint64(m.IpTos))
	check("tcp flags", uint64(fl.TCPFlags), uint64(m.TcpFlags))
	check("src as", uint64(fl.SrcAS), uint64(m.SrcAs))
	check("dst as", uint64(fl.DstAS), uint64(m.DstAs))
	check("src net", uint64(fl.SrcPrefixLen), uint64(m.SrcNet))
	check("dst net", uint64(fl.DstPrefixLen), uint64(m.DstNet))
	check("sequence", uint64(fl.SequenceNum), uint64(m.SequenceNum))
	// Where no time is told the peer takes that of the export.
	if fl.Has(flow.FieldTimeStart) && fl.Type != flow.TypeIPFIX {
		check("start", uint64(fl.TimeStart), m.TimeFlowStartNs)
	}
	if fl.Has(flow.FieldTimeEnd) && fl.Type != flow.TypeIPFIX {
		check("end", uint64(fl.TimeEnd), m.TimeFlowEndNs)
	}
}
