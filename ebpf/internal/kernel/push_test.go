//go:build linux

package kernel

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf/internal/push"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/packetflow"
)

// count runs the frames of some captures through both programs of a table and
// empties it.
func count(t *testing.T, table *Table, captures []string) (flows map[packet.Key]*sum, filtered Tally) {
	t.Helper()
	defer pin(t, 0)()
	for _, path := range captures {
		for frame := range frames(t, path) {
			if runnable(frame) {
				run(t, table.Ingress(), frame)
				run(t, table.Egress(), frame)
			}
		}
	}
	flows, _ = gather(t, table)
	return flows, counts(t, table).Filtered
}

// TestPushedFilterChangesNoFlow counts the same frames with a filter in the kernel
// and without. What the filter refuses is missing, and nothing else.
func TestPushedFilterChangesNoFlow(t *testing.T) {
	captures := []string{crafted, "../../../testdata/web.pcapng"}
	config := Config{MaxFlows: 1 << 12}
	all, _ := count(t, open(t, config), captures)
	require.Greater(t, len(all), 50)
	b := flow.NewOwner(flow.OwnerConfig{Size: len(all)}).Begin(0, time.Time{})
	flows := map[packet.Key]*flow.Flow{}
	for key, s := range all {
		fl := b.Next()
		packetflow.Key(b, fl, &key)
		fl.SetEtherType(s.first.EtherType)
		flows[key] = fl
	}
	for _, expr := range []string{
		`proto tcp and port 80`, `not port 80`, `ip6`, `not vlan 100`, `inner_vlan >0`, `has src_port`, `icmp type 8`, `outgoing and iface 1`,
		`not address in [192.0.2.1 2001:db8::/32]`, `tos >0`,
	} {
		code, part, rest := push.Compile(filter.Expr(expr))
		require.True(t, rest.IsAll(), expr)
		config.Filter = code
		got, filtered := count(t, open(t, config), captures)
		want, refused := map[packet.Key]*sum{}, Tally{}
		for key, s := range all {
			if part.MatchIn(b, flows[key]) {
				want[key] = s
			} else {
				refused.add(s.packets, s.bytes)
			}
		}
		require.NotEmpty(t, want, expr)
		require.NotZero(t, refused.Packets, expr)
		require.Equal(t, want, got, expr)
		require.Equal(t, refused, filtered, expr)
	}
}
