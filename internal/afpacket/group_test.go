//go:build linux

package afpacket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/afpacket"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// ring opens a ring that somebody else closes.
func ring(t *testing.T, n *netnstest.Namespace, dev string) (r *afpacket.Ring) {
	t.Helper()
	n.Inside(t, func() (err error) {
		r, err = afpacket.Open(afpacket.Config{Interface: n.Index(t, dev), Retire: 5 * time.Millisecond})
		return err
	})
	return r
}

func TestGroup(t *testing.T) {
	a, b := netnstest.Pair(t)
	a.Run(t, "ip", "link", "add", "other", "type", "veth", "peer", "name", "rehto")
	g, err := afpacket.NewGroup()
	require.NoError(t, err)
	va, other := ring(t, a, "va"), ring(t, a, "other")
	g.Add(va)
	from, back := udp(t, a, "10.0.0.2:9"), udp(t, b, "10.0.0.1:9")
	_, _ = from.Write([]byte("x"))
	got := map[int]uint64{}
	take := func() {
		require.NoError(t, g.Wait(time.Now().Add(time.Millisecond)))
		for f := (afpacket.Frame{}); g.Next(&f); {
			got[f.Interface]++
		}
	}
	index := a.Index(t, "va")
	netnstest.Eventually(t, func() bool { take(); return got[index] > 0 }, "a packet")

	g.Add(other)
	a.Run(t, "ip", "addr", "add", "10.1.0.1/24", "dev", "other")
	for _, dev := range []string{"other", "rehto", "va"} {
		a.Run(t, "ip", "link", "set", dev, "up")
	}
	away := udp(t, a, "10.1.0.2:9")
	netnstest.Eventually(t, func() bool {
		_, _ = away.Write([]byte("x"))
		take()
		return got[a.Index(t, "other")] > 0
	}, "a packet of the other")

	// Down and up again.
	a.Run(t, "ip", "link", "set", "va", "down")
	take()
	a.Run(t, "ip", "link", "set", "va", "up")
	before := got[index]
	netnstest.Eventually(t, func() bool {
		_, _ = from.Write([]byte("x"))
		_, _ = back.Write([]byte("x"))
		take()
		return got[index] > before
	}, "packets after the interface was down")

	// What a ring holds comes out although its interface went.
	_, _ = from.Write([]byte("x"))
	want := a.Traffic(t, "va")
	require.NoError(t, g.Remove(va))
	a.Run(t, "ip", "link", "del", "va")
	netnstest.Eventually(t, func() bool { take(); return got[index] == want.RxPackets+want.TxPackets }, "the last packets")

	require.NoError(t, g.Stop())
	netnstest.Eventually(t, func() bool { take(); return !g.Waiting() }, "nothing is left")
	require.Zero(t, g.Drops())
	require.NoError(t, g.Close())
}

func TestWake(t *testing.T) {
	g, err := afpacket.NewGroup()
	require.NoError(t, err)
	defer func() { require.NoError(t, g.Close()) }()
	time.AfterFunc(10*time.Millisecond, g.Wake)
	require.NoError(t, g.Wait(time.Now().Add(time.Hour)))
	require.NoError(t, g.Wait(time.Now().Add(time.Millisecond)))
	require.NoError(t, g.Wait(time.Time{}))
}
