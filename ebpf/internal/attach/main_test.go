//go:build linux

package attach_test

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/internal/netns"
)

// These tell a child process where to attach and wait for its end.
const (
	childOf = "PIPELINE_ATTACH_NAMESPACE"
	childTo = "PIPELINE_ATTACH_INTERFACE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childOf); path != "" {
		_, _ = fmt.Fprintln(os.Stdout, child(path))
		time.Sleep(time.Hour)
	}
	goleak.VerifyTestMain(m)
}

func child(path string) error {
	n, err := netns.Open(path)
	if err != nil {
		return err
	}
	p, err := ebpf.NewProgram(pass)
	if err != nil {
		return err
	}
	return n.Do(func() error {
		i, err := net.InterfaceByName(os.Getenv(childTo))
		if err != nil {
			return err
		}
		c, err := attach.NewClsact()
		if err != nil {
			return err
		}
		_, err = c.Attach(attach.Programs{Ingress: p, Egress: p}, attach.Interface{Index: i.Index, Name: i.Name})
		return err
	})
}

// pass lets every packet on to whoever comes next, accepting on to the stack.
var pass, accepting = verdict(-1), verdict(0)

func verdict(v int32) *ebpf.ProgramSpec {
	return &ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "MIT", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, v), asm.Return()}}
}

// counting returns a program that counts packets, and a function that tells how
// many it saw.
func counting(t *testing.T) (*ebpf.Program, func() uint64) {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		t.Skipf("no eBPF: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type:    ebpf.SchedCLS,
		License: "MIT",
		Instructions: asm.Instructions{
			asm.LoadMapValue(asm.R1, m.FD(), 0),
			asm.Mov.Imm(asm.R2, 1),
			asm.StoreXAdd(asm.R1, asm.R2, asm.DWord),
			asm.Mov.Imm(asm.R0, -1),
			asm.Return(),
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p, func() uint64 {
		var n uint64
		require.NoError(t, m.Lookup(uint32(0), &n))
		return n
	}
}
