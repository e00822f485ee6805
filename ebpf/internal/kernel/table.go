//go:build linux

package kernel

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// Table is the flows that the kernel counts. It is not safe for concurrent use,
// except for Wake.
type Table struct {
	config  Config
	objects *objects
	events  *ringbuf.Reader

	live   int   // the generation that the programs count into
	offset int64 // of the wall clock from theirs
	drain  drain

	record ringbuf.Record
	counts []bpf.FlowsCounters // of each CPU
}

// Open loads the programs and maps. The caller attaches the programs, detaches
// them in the end, and closes the table. It needs CAP_BPF, CAP_NET_ADMIN and
// CAP_PERFMON, and Linux 5.15 or later.
func Open(c Config) (*Table, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return nil, fmt.Errorf("number of CPUs: %w", err)
	}
	c = c.withDefaults(cpus)
	o, err := load(c, cpus)
	if err != nil {
		return nil, explain(err, c.Logger)
	}
	t := &Table{config: c, objects: o, counts: make([]bpf.FlowsCounters, cpus)}
	t.drain.init(c.layout(), cpus)
	if err := t.begin(); err != nil {
		_ = t.Close()
		return nil, err
	}
	return t, nil
}

// begin makes the first generation the live one.
func (t *Table) begin() (err error) {
	if t.events, err = ringbuf.NewReader(t.objects.maps.Events); err != nil {
		return fmt.Errorf("ring of events: %w", err)
	}
	return t.enter(0)
}

// enter makes a generation the live one. No program uses the other one when it
// returns: the kernel waits for those that began before.
func (t *Table) enter(generation int) (err error) {
	if err := t.objects.maps.Generations.Put(uint32(0), t.objects.flows[generation]); err != nil {
		return fmt.Errorf("begin generation: %w", err)
	}
	t.live = generation
	if t.offset, err = wallOffset(); err != nil {
		return fmt.Errorf("read clocks: %w", err)
	}
	return nil
}

// Ingress returns the program for frames that come in at an Ethernet interface.
func (t *Table) Ingress() *ebpf.Program { return t.objects.ethernet.Ingress }

// Egress returns the program for frames that go out at an Ethernet interface.
func (t *Table) Egress() *ebpf.Program { return t.objects.ethernet.Egress }

// IngressIP returns the program for packets that come in at an interface without
// a link header, as those of tunnels are. The first call of it or of EgressIP loads
// both.
func (t *Table) IngressIP() (*ebpf.Program, error) {
	err := t.loadIP()
	return t.objects.ip.Ingress, err
}

// EgressIP returns the program for packets that go out at an interface without a
// link header.
func (t *Table) EgressIP() (*ebpf.Program, error) {
	err := t.loadIP()
	return t.objects.ip.Egress, err
}

func (t *Table) loadIP() error {
	if t.objects.ip.Ingress != nil {
		return nil
	}
	if err := t.objects.loadIP(t.config, len(t.counts)); err != nil {
		return explain(err, t.config.Logger)
	}
	return nil
}

// Swap begins a new generation; Next then gives the flows of the last. All of them
// must have been read before it is called again.
func (t *Table) Swap() error {
	last := t.live
	if err := t.enter(1 - last); err != nil {
		return err
	}
	t.drain.begin(t.objects.flows[last])
	return nil
}

// Next reads the next flow of the last generation and takes it out of the kernel.
// It returns false when there are no more. e must not be used by anything else
// until the next call.
func (t *Table) Next(e *Entry) (bool, error) {
	key, values, err := t.drain.next()
	if key == nil || err != nil {
		return false, err
	}
	e.take(key, values, t.config.layout(), t.offset)
	return true, nil
}

// Close lets go of the programs and maps. The kernel frees them once the programs
// are no longer attached.
func (t *Table) Close() error {
	if t.events != nil {
		_ = t.events.Close()
	}
	return t.objects.close()
}
