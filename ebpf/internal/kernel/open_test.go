//go:build linux

package kernel

import (
	"bytes"
	"log/slog"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestMemory compares what the configuration says it takes with what the kernel
// says it took.
func TestMemory(t *testing.T) {
	cpus, err := ebpf.PossibleCPU()
	require.NoError(t, err)
	for _, c := range []Config{{}, {MaxFlows: 1 << 10, RingBytes: 1 << 16}, {MaxFlows: 5000, Statistics: true}} {
		table := open(t, c)
		got, err := table.Memory()
		require.NoError(t, err)
		require.InEpsilon(t, got, c.Memory(cpus), 0.05, "%+v", c)
		t.Logf("%d flows: %d bytes", table.config.MaxFlows, got)
	}
	for _, cpus := range []int{1, 2, 16, 64, 256} {
		require.LessOrEqual(t, Config{}.Memory(cpus), uint64(2*DefaultMemory), "%d CPUs", cpus)
	}
}

func TestConfigTellsAllMistakes(t *testing.T) {
	_, err := Open(Config{MaxFlows: -1, RingBytes: math.MaxInt32, Filter: make(asm.Instructions, 1<<20)})
	require.ErrorContains(t, err, "bound of -1 flows is not within 0 and")
	require.ErrorContains(t, err, "ring of 2147483647 bytes is not within 0 and")
	require.ErrorContains(t, err, "filter of 1048576 instructions is longer than")
}

// TestNothingOutlivesClose looks for the programs and maps of a closed table.
func TestNothingOutlivesClose(t *testing.T) {
	table := open(t, Config{MaxFlows: 10})
	var programs []ebpf.ProgramID
	var maps []ebpf.MapID
	o := table.objects
	_, err := table.IngressIP()
	require.NoError(t, err)
	for _, p := range []*ebpf.Program{o.ethernet.Ingress, o.ethernet.Egress, o.ip.Ingress, o.ip.Egress} {
		info, err := p.Info()
		require.NoError(t, err)
		id, _ := info.ID()
		programs = append(programs, id)
		used, _ := info.MapIDs() // with the constants' map
		maps = append(maps, used...)
	}
	for _, m := range o.flows {
		info, err := m.Info()
		require.NoError(t, err)
		id, _ := info.ID()
		maps = append(maps, id)
	}
	require.Greater(t, len(maps), 6)
	require.NoError(t, table.Close())
	require.Eventually(t, func() bool { // the kernel frees them after a grace period
		for _, id := range programs {
			if p, err := ebpf.NewProgramFromID(id); err == nil {
				_ = p.Close()
				return false
			}
		}
		for _, id := range maps {
			if m, err := ebpf.NewMapFromID(id); err == nil {
				_ = m.Close()
				return false
			}
		}
		return true
	}, time.Minute, time.Millisecond)
	require.NoError(t, table.Close(), "again")
}

// TestMissingCapabilities opens a table on a thread that has none, or not all.
func TestMissingCapabilities(t *testing.T) {
	_ = open(t, Config{MaxFlows: 10})
	const bpf, admin, perfmon = 1 << unix.CAP_BPF, 1 << unix.CAP_NET_ADMIN, 1 << unix.CAP_PERFMON
	for _, c := range []struct {
		keep uint64
		want string
	}{
		{0, "needs CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON:"},
		{bpf, "needs CAP_NET_ADMIN, CAP_PERFMON:"},
		{admin | perfmon, "needs CAP_BPF:"},
		{bpf | admin, "needs CAP_PERFMON:"},
		{bpf | admin | perfmon, ""},
	} {
		errs := make(chan error)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with it
			head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			data := [2]unix.CapUserData{
				{Effective: uint32(c.keep), Permitted: uint32(c.keep)},
				{Effective: uint32(c.keep >> 32), Permitted: uint32(c.keep >> 32)},
			}
			if err := unix.Capset(&head, &data[0]); err != nil {
				errs <- err
				return
			}
			table, err := Open(Config{MaxFlows: 10})
			if err == nil {
				err = table.Close()
			}
			errs <- err
		}()
		err := <-errs
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
	}
}

// TestRefusedByTheVerifier gives a filter that reads where nothing is.
func TestRefusedByTheVerifier(t *testing.T) {
	_ = open(t, Config{MaxFlows: 10})
	var log bytes.Buffer
	bad := asm.Instructions{asm.LoadMem(asm.R0, asm.R1, 400, asm.Word), asm.Return()}
	_, err := Open(Config{MaxFlows: 10, Filter: bad, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	var verifier *ebpf.VerifierError
	require.ErrorAs(t, err, &verifier)
	require.Less(t, len(err.Error()), 500)
	require.Greater(t, log.Len(), len(err.Error()))
	t.Log(err)
}
