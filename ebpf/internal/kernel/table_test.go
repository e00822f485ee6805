//go:build linux

package kernel

import (
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// open opens a table, and skips the test where the kernel does not let it.
func open(t testing.TB, c Config) *Table {
	t.Helper()
	table, err := Open(c)
	if err != nil && len(missingCapabilities()) > 0 {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, table.Close()) })
	return table
}

// run has a program look at a frame, as if it came in at the loopback interface.
func run(t testing.TB, p *ebpf.Program, frame []byte) {
	t.Helper()
	verdict, err := p.Run(&ebpf.RunOptions{Data: frame})
	require.NoError(t, err)
	require.Equal(t, int32(-1), int32(verdict))
}

// pin keeps the test on a CPU until the function that it returns is called.
func pin(t testing.TB, cpu int) (unpin func()) {
	t.Helper()
	runtime.LockOSThread()
	var all, one unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &all))
	one.Set(cpu)
	require.NoError(t, unix.SchedSetaffinity(0, &one))
	return func() {
		require.NoError(t, unix.SchedSetaffinity(0, &all))
		runtime.UnlockOSThread()
	}
}

var udp = []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 18, 0xb6, 0, 8, 0, 0}

func TestCountsAFlow(t *testing.T) {
	table := open(t, Config{})
	before := time.Now()
	for range 3 {
		run(t, table.Ingress(), udp)
	}
	require.NoError(t, table.Swap())
	var e Entry
	ok, err := table.Next(&e)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, packet.Key{
		Src: flow.MustParseAddr("192.0.2.1"), Dst: flow.MustParseAddr("192.0.2.2"),
		Ports: 53<<16 | 4790, IfIndex: 1, Proto: flow.ProtoUDP, Has: packet.KeyPorts | packet.KeyIngress,
	}, e.Key)
	require.Equal(t, [4]uint64{3, 126, 3, 126}, [4]uint64{e.Delta.Packets, e.Delta.Bytes, e.Delta.StackPackets, e.Delta.StackBytes})
	require.WithinDuration(t, before, time.Unix(0, e.Delta.Start), time.Minute)
	require.Equal(t, "02:00:00:00:00:01", e.Packet.SrcMAC.String())
	ok, err = table.Next(&e)
	require.NoError(t, err)
	require.False(t, ok)
	c, err := table.Counts()
	require.NoError(t, err)
	require.Zero(t, c)
}
