//go:build linux

package kernel

import (
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
)

// empty returns a program that does nothing: what running one costs.
func empty(b *testing.B) *ebpf.Program {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type:         ebpf.SchedCLS,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, -1), asm.Return()},
		License:      "Apache-2.0",
	})
	require.NoError(b, err)
	b.Cleanup(func() { _ = p.Close() })
	return p
}

// none is a filter that selects nothing, after it looked at the ports as one for a
// service does.
var none = asm.Instructions{
	asm.LoadMem(asm.R2, asm.R1, 32, asm.Word),
	asm.And.Imm(asm.R2, 0xffff),
	asm.Mov.Imm(asm.R0, 1),
	asm.JEq.Imm(asm.R2, 9, "out"),
	asm.Mov.Imm(asm.R0, 0),
	asm.Return().WithSymbol("out"),
}

// udp60 and the others are frames of usual lengths.
func udp60() []byte { return append(slices.Clone(udp), make([]byte, 18)...) }

func tcp6() []byte {
	f := append(slices.Clone(udp[:12]), 0x86, 0xdd, 0x60, 0, 0, 0, 0, 40, flow.ProtoTCP, 64)
	f = append(f, make([]byte, 32)...)
	f[37], f[53] = 1, 2
	return append(append(f, tcp(0x10, 0)[34:]...), make([]byte, 20)...)
}

const repeats = 20000

// cost returns how long a program takes for a frame, on as many CPUs at once.
func cost(b *testing.B, p *ebpf.Program, frame []byte, cpus int) float64 {
	times := make([]time.Duration, cpus)
	var wg sync.WaitGroup
	for cpu := range cpus {
		wg.Go(func() {
			defer pin(b, cpu)()
			var err error
			_, times[cpu], err = p.Benchmark(frame, repeats, nil)
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return float64(slices.Max(times).Nanoseconds())
}

// BenchmarkPacket tells the nanoseconds for a packet of a flow that the map has
// already: medians of rounds in which all programs take turns.
func BenchmarkPacket(b *testing.B) {
	programs := []struct {
		unit    string
		program *ebpf.Program
	}{
		{"ns/empty", empty(b)},
		{"ns/counted", open(b, Config{}).Ingress()},
		{"ns/statistics", open(b, Config{Statistics: true}).Ingress()},
		{"ns/filtered", open(b, Config{Filter: none}).Ingress()},
		{"ns/unsampled", open(b, Config{Sampling: 1 << 31}).Ingress()},
	}
	for _, f := range []struct {
		name  string
		frame []byte
	}{{"UDP4 60 B", udp60()}, {"TCP4 1514 B", tcp(0x10, 1460)}, {"TCP6 94 B", tcp6()}} {
		b.Run(f.name, func(b *testing.B) {
			costs := make([][]float64, len(programs))
			for b.Loop() {
				for i, p := range programs {
					costs[i] = append(costs[i], cost(b, p.program, f.frame, 1))
				}
			}
			for i, p := range programs {
				b.ReportMetric(median(costs[i]), p.unit)
			}
			b.ReportMetric(0, "ns/op") // of a round, and no use to anybody
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// shared returns the ingress program with counts that all CPUs share.
func shared(b *testing.B) *ebpf.Program {
	object := filepath.Join(b.TempDir(), "shared.o")
	out, err := exec.CommandContext(b.Context(), program.Path(b, "clang-14"), "-O2", "-g", "-mcpu=v3", "-target", "bpf",
		"-I", "../../bpf",
		"-c", "testdata/shared.c", "-o", object).CombinedOutput()
	require.NoError(b, err, string(out))
	spec, err := ebpf.LoadCollectionSpec(object)
	require.NoError(b, err)
	flows := spec.Maps[bpf.FlowsMapGenerations].InnerMap
	flows.Type, flows.MaxEntries = ebpf.Hash, DefaultMaxFlows
	m, err := ebpf.NewMap(flows)
	require.NoError(b, err)
	b.Cleanup(func() { _ = m.Close() })
	var o struct {
		Ingress     *ebpf.Program `ebpf:"ingress"`
		Generations *ebpf.Map     `ebpf:"generations"`
	}
	require.NoError(b, spec.LoadAndAssign(&o, nil))
	b.Cleanup(func() { _ = o.Ingress.Close(); _ = o.Generations.Close() })
	require.NoError(b, o.Generations.Put(uint32(0), m))
	return o.Ingress
}

// BenchmarkCPUs compares counts of each CPU with shared ones, for one flow on one
// and on two CPUs.
func BenchmarkCPUs(b *testing.B) {
	frame := udp60()
	own, all, floor := open(b, Config{}).Ingress(), shared(b), empty(b)
	for cpus := 1; cpus <= 2; cpus++ {
		b.Run([]string{1: "one CPU", 2: "two CPUs"}[cpus], func(b *testing.B) {
			var costs [3][]float64
			for b.Loop() {
				for i, p := range []*ebpf.Program{floor, own, all} {
					costs[i] = append(costs[i], cost(b, p, frame, cpus))
				}
			}
			for i, unit := range []string{"ns/empty", "ns/own", "ns/shared"} {
				b.ReportMetric(median(costs[i]), unit)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkDrain reads a full generation and empties it. It tells the time that a
// swap waits, and the time of the CPU for each flow, most of it the kernel's.
func BenchmarkDrain(b *testing.B) {
	table := open(b, Config{RingBytes: 1 << 20})
	const flows = DefaultMaxFlows
	d := &table.drain
	keys := make([]bpf.FlowsKey, len(d.keys))
	defer pin(b, 0)()
	var swap, read []float64
	var e Entry
	for b.Loop() {
		for i := range keys {
			(*bpf.FlowsValue)(unsafe.Pointer(&d.values[i*d.words])).Packets = 1
		}
		for i := range flows {
			keys[i%len(keys)].Ports = uint32(i)
			if (i+1)%len(keys) == 0 {
				_, err := table.objects.flows[table.live].BatchUpdate(keys, d.batch, nil)
				require.NoError(b, err)
			}
		}
		began := time.Now()
		require.NoError(b, table.Swap())
		swap = append(swap, float64(time.Since(began).Nanoseconds()))
		before, n := cpuTime(b), 0
		for ok, err := table.Next(&e); ok; ok, err = table.Next(&e) {
			require.NoError(b, err)
			n++
		}
		require.Equal(b, flows, n)
		read = append(read, float64(cpuTime(b)-before)/flows)
	}
	b.ReportMetric(median(swap), "ns/swap")
	b.ReportMetric(median(read), "cpu-ns/flow")
	b.ReportMetric(0, "ns/op")
}

// cpuTime returns the time that this thread has had of the CPU, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var used unix.Timespec
	require.NoError(b, unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used))
	return used.Nano()
}
