package ebpf_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// TestCrafted puts the crafted packets onto a wire: tags, labels, tunnels,
// extension headers, fragments and what is malformed. The flows must be those that
// the capture gives.
func TestCrafted(t *testing.T) {
	const path = "../testdata/crafted.pcap"
	fromCapture := &capture{t: t}
	plan := pipeline.From(pcap.File(path)).To(sink.Func("look", fromCapture.look))
	var err error
	fromCapture.pl, err = plan.Build()
	require.NoError(t, err)
	require.NoError(t, fromCapture.pl.Run(t.Context()))
	want := lines(fromCapture.flows)
	require.Len(t, want, 22)

	methods(t, func(t *testing.T, m ebpf.Option) {
		a, b := netnstest.Pair(t)
		b.Run(t, "ip", "link", "set", "vb", "mtu", "9000")
		a.Run(t, "ip", "link", "set", "va", "mtu", "9000")
		c := start(t, ebpf.Device("vb", m, ebpf.Namespace(b.Path), ebpf.Direction(ebpf.Ingress), ebpf.Interval(100*time.Millisecond)), "")
		a.Run(t, "tcpreplay", "-q", "-t", "-i", "va", path)
		c.stop()
		require.Equal(t, want, lines(c.flows))
		for name, n := range fromCapture.counters() {
			if name != "packets" {
				if _, ok := c.counters()[name]; !ok {
					name += "_packets"
				}
				require.Equal(t, n, c.counters()[name], name)
			}
		}
	})
}

// lines returns a line for each flow with what a capture and an interface tell of
// it alike, sorted, without the fields that are not to be compared.
func lines(flows []record, without ...flow.Field) (all []string) {
	for _, r := range flows {
		for _, f := range without {
			r.Clear(f)
		}
		all = append(all, fmt.Sprint(
			r.SrcAddr, r.DstAddr, r.Proto, " ports ", r.SrcPort, r.DstPort, " icmp ", r.ICMPType, r.ICMPCode,
			" packets ", r.Packets, " bytes ", r.Bytes, " flags ", r.TCPFlags, " tos ", r.TOS, " ttl ", r.TTL, r.MinTTL, r.MaxTTL,
			" type ", r.EtherType, r.SrcMAC, r.DstMAC, " vlan ", r.VLAN, r.innerVLAN, r.Has(flow.FieldVLAN), " labels ", r.labels,
			" tunnel ", r.tunnel, r.inner, " fragment ", r.FragmentID, r.FragmentOffset, r.IPFlags, " label ", r.FlowLabel,
		))
	}
	slices.Sort(all)
	return all
}
