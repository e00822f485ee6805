//go:build linux

// Command ebpfbench measures what it costs to have the flows of an interface
// counted: by ebpf.Device, with a filter and without, and by softflowd, beside an
// interface that nothing is attached to.
//
//	sudo go run ./internal/cmd/ebpfbench
//
// It sends from one network namespace of its own to another. In each round
// everything is measured once; the tables show medians. It needs root, and for all
// rows iperf3 and softflowd.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("ebpfbench: ")
	if isChild, err := child(); err != nil {
		log.Fatal(err)
	} else if isChild {
		return
	}
	b := bench{rounds: 15, flood: 300 * time.Millisecond, tcp: 1, repeats: 20000, flows: 1e6, lasting: 20 * time.Second}
	quick := flag.Bool("quick", false, "measure everything for a moment only")
	flag.IntVar(&b.rounds, "rounds", b.rounds, "how often everything is measured")
	flag.Parse()
	if *quick {
		b = short
	}
	if err := b.run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// bench says how things are measured.
type bench struct {
	rounds  int
	flood   time.Duration // of the CPU for small packets
	tcp     int           // seconds of TCP
	repeats int           // of a packet that a program is tried with
	flows   int           // new flows, of a packet each
	lasting time.Duration // of these
}

// short is a bench that shows that everything can be measured.
var short = bench{rounds: 1, flood: 20 * time.Millisecond, tcp: 1, repeats: 100, flows: 20_000, lasting: 500 * time.Millisecond}

// run measures everything, and writes tables in Markdown.
func (b *bench) run(out io.Writer) error {
	p, err := newPair()
	if err != nil {
		return err
	}
	defer p.close()
	for _, measure := range []func(*strings.Builder, *pair) error{b.compareRates, b.compareCosts, b.manyFlows, b.smallMap} {
		var table strings.Builder
		if err := measure(&table, p); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, table.String()); err != nil {
			return err
		}
	}
	return nil
}
