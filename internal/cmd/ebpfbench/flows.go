//go:build linux

package main

import (
	"fmt"
	"strings"
)

// manyFlows has a packet of each of many flows counted.
func (b *bench) manyFlows(out *strings.Builder, p *pair) error {
	fmt.Fprintf(out, "%d new flows in %v\n\n", b.flows, b.lasting)
	return p.account(out, "ebpf.Device", job{}, func() error { return p.spread(b.flows, b.lasting) })
}

// smallMap has far more flows counted than map and ring have room for.
func (b *bench) smallMap(out *strings.Builder, p *pair) error {
	fmt.Fprintf(out, "%d new flows at once, a map of 64 and a ring of 4096 bytes\n\n", b.flows/10)
	return p.account(out, "ebpf.Device", job{MapSize: 64, Ring: 4096}, func() error { return p.spread(b.flows/10, 0) })
}

// account compares what an exporter says with what the interface does.
func (p *pair) account(out *strings.Builder, name string, j job, send func() error) error {
	e := exporter{name: name, job: &j}
	before, err := p.passed()
	if err != nil {
		return err
	}
	r, err := e.start(p)
	if err != nil {
		return err
	}
	err = send()
	got, stopped := r.stop()
	after, counted := p.passed()
	for _, err := range []error{err, stopped, counted} {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	passed := after - before
	user, system, memory := r.used()
	fmt.Fprintln(out, "| | packets at the interface | in flows | flows | really lost | reported lost | by the ring | CPU user + system, s | RSS, MiB |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	fmt.Fprintf(out, "| %s | %d | %d | %d | %d | %d | %d | %.2f + %.2f | %d |\n", name, passed, got.Packets, got.Flows,
		int64(passed)-int64(got.Packets)-int64(got.others()), got.Counters["lost_packets"], got.Counters["overflowed_packets"],
		user.Seconds(), system.Seconds(), memory>>20)
	return nil
}
