// Command ingestbench measures collectors of flow exports beside each other: this
// library's, nfcapd (of nfdump), and a loop that takes datagrams from the kernel and
// does nothing, which is the floor.
//
//	go run ./internal/cmd/ingestbench
//
// A process of its own sends NetFlow v9 or IPFIX over the loopback interface. In
// each round every collector is measured once: the CPU time per flow at a rate that
// all of them stand, and the highest rate at which the kernel drops nothing. The
// table shows medians. It needs Linux.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("ingestbench: ")
	if isChild, err := child(); err != nil {
		log.Fatal(err)
	} else if isChild {
		return
	}
	b := bench{steps: 7, highest: 8e6, replays: 5}
	rounds := flag.Int("rounds", 5, "how often each collector is measured")
	flag.StringVar(&b.dir, "dir", os.TempDir(), "where collectors write")
	flag.Float64Var(&b.rate, "rate", 1e6, "flows a second at which the CPU is measured")
	flag.DurationVar(&b.lasting, "lasting", time.Second, "how long the CPU is measured")
	flag.DurationVar(&b.step, "step", 300*time.Millisecond, "how long each rate is tried")
	flag.Parse()
	for _, protocol := range []string{"netflow9", "ipfix"} {
		table, err := b.compare(protocol, *rounds)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(table)
	}
}

// collectors are those that can be compared here.
func collectors() []*collector {
	all := []*collector{
		{name: "floor: receive, nothing else", role: "floor"},
		{name: "receive and decode", role: "count DIR 1"},
		{name: "… → protobuf in a file", role: "proto DIR 1"},
		{name: "… → filter → JSON to the null device", role: "json DIR 1"},
		{name: "… the same on two lanes", role: "json DIR 2"},
	}
	path, err := exec.LookPath("nfcapd")
	if err != nil {
		log.Print("nfcapd is not here to be compared (package nfdump)")
		return all
	}
	return slices.Insert(all, 1, &collector{name: "nfcapd to a file", nfcapd: path})
}

// compare measures all collectors, and returns a table in Markdown.
func (b *bench) compare(protocol string, rounds int) (string, error) {
	all := collectors()
	samples := make([][]sample, len(all))
	var memory []sample
	for range rounds {
		for i, c := range all {
			s, err := b.measure(c, protocol)
			if err != nil {
				return "", err
			}
			samples[i] = append(samples[i], s)
		}
		rate, cpu, err := b.fromMemory(protocol)
		if err != nil {
			return "", err
		}
		memory = append(memory, sample{lossFree: rate, cpu: cpu})
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s, medians of %d rounds\n\n", protocol, rounds)
	fmt.Fprintln(&out, "| | loss-free, M flows/s | best round | CPU, s per M flows | the sender's |")
	fmt.Fprintln(&out, "| --- | --- | --- | --- | --- |")
	for i, c := range all {
		row(&out, c.name, samples[i])
	}
	row(&out, "from memory → filter → JSON, no kernel, no sender", memory)
	return out.String(), nil
}

func row(out *strings.Builder, name string, samples []sample) {
	rates := sorted(samples, func(s sample) float64 { return s.lossFree / 1e6 })
	cpu := sorted(samples, func(s sample) float64 { return s.cpu.Seconds() })
	sender := sorted(samples, func(s sample) float64 { return s.senderCPU.Seconds() })
	mid := len(samples) / 2
	fmt.Fprintf(out, "| %s | %.2f | %.2f | %.3f | %.3f |\n", name, rates[mid], rates[len(rates)-1], cpu[mid], sender[mid])
}

func sorted(samples []sample, of func(sample) float64) (all []float64) {
	for _, s := range samples {
		all = append(all, of(s))
	}
	slices.Sort(all)
	return all
}
