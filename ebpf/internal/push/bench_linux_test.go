package push_test

import (
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf/internal/push"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// BenchmarkSelected measures what a filter takes for a packet in the kernel, beyond
// a function that returns 1: ns/passed for a key that passes, ns/refused for one
// that does not. floor-ns is the whole program with that function. The
// programs take turns.
func BenchmarkSelected(b *testing.B) {
	web := packet.Key{
		Src: flow.MustParseAddr("129.143.4.238"), Dst: flow.MustParseAddr("192.0.2.7"),
		Ports: 80<<16 | 50000, IfIndex: 2, Proto: 6, Has: packet.KeyPorts | packet.KeyIngress,
	}
	dns := packet.Key{
		Src: flow.MustParseAddr("2001:db8::53"), Dst: flow.MustParseAddr("2001:db8::1"),
		Ports: 53<<16 | 40000, IfIndex: 2, VLAN: 10, Proto: 17, Has: packet.KeyPorts | packet.KeyVLAN | packet.KeyEgress | packet.KeyIPv6,
	}
	other := packet.Key{
		Src: flow.MustParseAddr("198.51.100.1"), Dst: flow.MustParseAddr("203.0.113.5"),
		Ports: 4000<<16 | 5000, IfIndex: 2, Proto: 6, Has: packet.KeyPorts | packet.KeyIngress,
	}
	floor := load(b, asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()})
	for _, tt := range []struct {
		name, expr string
		key        packet.Key
	}{
		{"port", `port 80`, web},
		{"headline", `proto tcp and address 129.143.4.238 and port 80`, web},
		{"prefix6", `ip6 and src net 2001:db8::/48 and vlan 10`, dns},
		{"list", `tcp and dst port in [22 80 443 3389 8080] or udp and port in [53 123 443]`, dns},
		{"set", `address ` + set(600, addr4) + ` or src address in [129.143.0.0/16 2001:db8::/32]`, web},
	} {
		b.Run(tt.name, func(b *testing.B) {
			code, part, rest := push.Compile(filter.Expr(tt.expr, filter.Precedence(filter.Standard)))
			require.True(b, rest.IsAll(), "%s", part)
			p := load(b, code)
			measure := func(p *ebpf.Program, k *packet.Key, want uint32) float64 {
				got, ns, err := p.Benchmark(frame(k), 20000, nil)
				require.NoError(b, err)
				require.Equal(b, want, got)
				return float64(ns.Nanoseconds())
			}
			var empty, passed, refused []float64
			for b.Loop() {
				empty = append(empty, measure(floor, &tt.key, 1))
				passed = append(passed, measure(p, &tt.key, 1))
				refused = append(refused, measure(p, &other, 0))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(middle(empty), "floor-ns")
			b.ReportMetric(middle(passed)-middle(empty), "ns/passed")
			b.ReportMetric(middle(refused)-middle(empty), "ns/refused")
			b.ReportMetric(float64(code.Size()/asm.InstructionSize), "instructions")
		})
	}
}

// middle is the mean of the middle half: the kernel tells whole nanoseconds.
func middle(v []float64) float64 {
	slices.Sort(v)
	half := v[len(v)/4 : len(v)-len(v)/4]
	sum := 0.0
	for _, x := range half {
		sum += x
	}
	return sum / float64(len(half))
}
