//go:build linux

package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// compareCosts has the kernel run the programs that are attached again and again
// for the same packet (BPF_PROG_TEST_RUN).
func (b *bench) compareCosts(out *strings.Builder, p *pair) error {
	frames := []struct {
		name  string
		frame []byte
	}{{"UDP4 60 B", small}, {"TCP4 1514 B", tcp4()}, {"TCP6 94 B", tcp6()}}
	names := []string{"empty program"}
	none, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type:         ebpf.SchedCLS,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, -1), asm.Return()},
		License:      "Apache-2.0",
	})
	if err != nil {
		return err
	}
	programs := []*ebpf.Program{none}
	defer func() {
		for _, p := range programs {
			_ = p.Close()
		}
	}()
	for _, e := range exporters() {
		if e.job == nil {
			continue
		}
		program, err := e.program(p)
		if err != nil {
			return err
		}
		names, programs = append(names, e.name), append(programs, program)
	}
	table := make([][]float64, len(programs))
	for _, f := range frames {
		costs, err := b.costs(programs, f.frame)
		if err != nil {
			return err
		}
		for i := range costs {
			table[i] = append(table[i], costs[i])
		}
	}
	fmt.Fprintln(out, "ns a packet of one flow, hot, in brackets beyond the empty program")
	fmt.Fprintf(out, "\n| | %s | %s | %s |\n| --- | --- | --- | --- |\n", frames[0].name, frames[1].name, frames[2].name)
	for i, name := range names {
		fmt.Fprintf(out, "| %s |", name)
		for j, ns := range table[i] {
			fmt.Fprintf(out, " %.0f (%.0f) |", ns, ns-table[0][j])
		}
		fmt.Fprintln(out)
	}
	return nil
}

// program returns the program that an exporter attaches to devA. It and its maps
// outlive the exporter.
func (e *exporter) program(p *pair) (program *ebpf.Program, err error) {
	r, err := e.start(p)
	if err != nil {
		return nil, err
	}
	err = p.a.Do(func() error {
		found, err := link.QueryPrograms(link.QueryOptions{Target: p.index, Attach: ebpf.AttachTCXEgress})
		if err == nil && len(found.Programs) != 1 {
			err = fmt.Errorf("%d programs are attached", len(found.Programs))
		}
		if err == nil {
			program, err = ebpf.NewProgramFromID(found.Programs[0].ID)
		}
		return err
	})
	if _, stopped := r.stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.name, err)
	}
	return program, nil
}

// costs returns the medians of rounds in which programs take turns, in ns.
func (b *bench) costs(programs []*ebpf.Program, frame []byte) ([]float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, first unix.CPUSet
	first.Set(0)
	if err := errors.Join(unix.SchedGetaffinity(0, &before), unix.SchedSetaffinity(0, &first)); err != nil {
		return nil, err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	samples := make([][]float64, len(programs))
	for range 10 * b.rounds {
		for i, p := range programs {
			_, d, err := p.Benchmark(frame, b.repeats, nil)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], float64(d.Nanoseconds()))
		}
	}
	medians := make([]float64, len(programs))
	for i := range samples {
		medians[i] = quantile(samples[i], 0.5)
	}
	return medians, nil
}

// acknowledgement is a TCP header.
var acknowledgement = []byte{0x80, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0, 0, 0, 0, 0, 0}

func tcp4() []byte {
	ip := []byte{0x45, 0, 1500 >> 8, 1500 & 0xff, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	return slices.Concat(small[:14], ip, acknowledgement, make([]byte, 1460))
}

func tcp6() []byte {
	ip := append([]byte{0x60, 0, 0, 0, 0, 40, 6, 64}, make([]byte, 32)...)
	ip[8], ip[24], ip[39] = 0xfd, 0xfd, 1
	return slices.Concat(small[:12], []byte{0x86, 0xdd}, ip, acknowledgement, make([]byte, 20))
}
