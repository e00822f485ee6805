package push_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf/internal/push"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/internal/packet"
)

const (
	keySize   = int(unsafe.Sizeof(packet.Key{}))
	frameHead = 14 // of an Ethernet frame, in front of the key in the tests' packets
)

// load loads a program that reads a key out of a packet and returns what a function
// says of it, whose body is the code.
func load(tb testing.TB, code asm.Instructions) *ebpf.Program {
	tb.Helper()
	program := asm.Instructions{
		asm.Mov.Imm(asm.R2, frameHead),
		asm.Mov.Reg(asm.R3, asm.RFP),
		asm.Add.Imm(asm.R3, int32(-keySize)),
		asm.Mov.Imm(asm.R4, int32(keySize)),
		asm.FnSkbLoadBytes.Call(),
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, int32(-keySize)),
		asm.Call.Label("selected"),
		asm.Return(),
	}
	body := slices.Clone(code)
	body[0] = body[0].WithSymbol("selected")
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, Instructions: append(program, body...), License: "Apache-2.0"})
	if errors.Is(err, os.ErrPermission) || errors.Is(err, ebpf.ErrNotSupported) {
		tb.Skip("loading eBPF programs is not permitted here: ", err)
	}
	require.NoError(tb, err, "%v", code)
	tb.Cleanup(func() { require.NoError(tb, p.Close()) })
	return p
}

// frame is a packet that holds a key.
func frame(k *packet.Key) []byte {
	return append(make([]byte, frameHead), unsafe.Slice((*byte)(unsafe.Pointer(k)), keySize)...)
}

// TestKernelRunsTheCode compares random expressions for random keys with the
// filter, in a kernel.
func TestKernelRunsTheCode(t *testing.T) {
	const seed, size = 3, 64
	for i := range uint64(250) {
		r := rand.New(rand.NewPCG(seed, i))
		keys := make([]packet.Key, size)
		for i := range keys {
			keys[i] = randomKey(r)
		}
		b := flows(t, r, keys)
		code, part, _ := push.Compile(filter.Expr(expression(r, 3), web(t)))
		if code == nil {
			continue
		}
		p := load(t, code)
		all, _ := b.Raw()
		for j := range keys {
			got, err := p.Run(&ebpf.RunOptions{Data: frame(&keys[j])})
			require.NoError(t, err)
			require.Equal(t, part.MatchIn(b, &all[j]), got == 1, "seed %d/%d: %s\nfor %+v\n%v", seed, i, part, keys[j], code)
		}
	}
}

// TestKernelTakesLargeCode loads code near the limit.
func TestKernelTakesLargeCode(t *testing.T) {
	for _, expr := range []string{
		`dst port ` + set(1300, oddPort),
		`src address ` + set(1300, addr4) + ` and vlan 10`,
		`src address ` + set(250, addr6),
		`icmp code 4 or icmp type 3 or icmp6 code in [1 4]`,
	} {
		code, _, rest := push.Compile(filter.Expr(expr))
		require.True(t, rest.IsAll())
		t.Log(code.Size()/8, "instructions for", expr[:min(len(expr), 40)])
		load(t, code)
	}
}
