package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

// bench says how things are measured.
type bench struct {
	dir     string        // for what collectors write
	rate    float64       // flows a second at which the CPU is measured
	lasting time.Duration // of that
	step    time.Duration // of each step of a search
	steps   int
	highest float64 // flows a second, at which a search ends
	replays int     // of the recording in memory
}

// sample is what one round tells of one collector.
type sample struct {
	lossFree  float64       // flows a second
	cpu       time.Duration // per million flows
	senderCPU time.Duration // likewise
}

// measure runs one round of a collector.
func (b *bench) measure(c *collector, protocol string) (s sample, err error) {
	if s.cpu, s.senderCPU, err = b.cost(c, protocol); err != nil {
		return s, err
	}
	s.lossFree, err = b.search(c, protocol)
	return s, err
}

// cost measures what a collector takes at a rate that it stands, from its start
// to its end, and that it received everything.
func (b *bench) cost(c *collector, protocol string) (cpu, senderCPU time.Duration, err error) {
	r, err := c.start(b.dir)
	if err != nil {
		return 0, 0, err
	}
	sent, senderCPU, err := send(r.port, protocol, b.rate, b.lasting)
	if err == nil {
		err = settle(r.port)
	}
	s, _ := socketAt(r.port)
	got, cpu, stopped := r.stop()
	switch {
	case err != nil:
		return 0, 0, err
	case stopped != nil:
		return 0, 0, fmt.Errorf("%s: %w", c.name, stopped)
	case s.drops == 0 && got.Flows < sent.Flows:
		return 0, 0, fmt.Errorf("%s: %d of %d flows came, and the kernel dropped nothing", c.name, got.Flows, sent.Flows)
	}
	return perMillion(cpu, got.Flows), perMillion(senderCPU, sent.Flows), nil
}

func perMillion(d time.Duration, flows uint64) time.Duration {
	return time.Duration(float64(d) / float64(flows) * 1e6)
}

// search finds the highest rate at which the kernel drops nothing, by halving. A
// rate may fail once, since others use the machine too.
func (b *bench) search(c *collector, protocol string) (best float64, err error) {
	r, err := c.start(b.dir)
	if err != nil {
		return 0, err
	}
	defer func() { _, _, _ = r.stop() }()
	low, high := 0.0, b.highest
	for range b.steps {
		low = max(low, best)
		rate := (low + high) / 2
		reached, clean, err := b.try(r, protocol, rate)
		if err == nil && !clean {
			reached, clean, err = b.try(r, protocol, rate)
		}
		if err != nil {
			return 0, err
		}
		if clean {
			best = max(best, reached)
		}
		if clean && reached > rate*0.95 {
			low = rate
		} else { // dropped, or more than the sender can send
			high = rate
		}
	}
	return best, nil
}

// try sends at a rate for a while, and returns the rate that was reached and
// whether nothing was lost.
func (b *bench) try(r *running, protocol string, rate float64) (reached float64, clean bool, err error) {
	before, _ := socketAt(r.port)
	sent, _, err := send(r.port, protocol, rate, b.step)
	if err != nil {
		return 0, false, err
	}
	if err := settle(r.port); err != nil {
		return 0, false, err
	}
	after, _ := socketAt(r.port)
	return float64(sent.Flows) / sent.Elapsed.Seconds(), after.drops == before.drops, nil
}

// settle waits until the collector has taken everything.
func settle(port int) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s, ok := socketAt(port)
		switch {
		case !ok:
			return fmt.Errorf("nobody listens at port %d any more", port)
		case s.queued == 0:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("port %d: %d bytes were not taken", port, s.queued)
		}
	}
}

// send runs a process that sends flows at a rate, on the last CPU if that can be
// said, and returns what it sent and the time of the CPU that it took.
func send(port int, protocol string, flows float64, d time.Duration) (sent result, cpu time.Duration, err error) {
	cmd, err := self(fmt.Sprintf("send 127.0.0.1:%d %s %g %v", port, protocol, flows/perDatagram, d))
	if err != nil {
		return sent, 0, err
	}
	if taskset, err := exec.LookPath("taskset"); err == nil {
		cmd.Path, cmd.Args = taskset, append([]string{taskset, "-c", strconv.Itoa(runtime.NumCPU() - 1), cmd.Path}, cmd.Args[1:]...)
	}
	out, err := cmd.Output()
	if err != nil {
		return sent, 0, fmt.Errorf("the sender: %w", err)
	}
	return sent, used(cmd), json.Unmarshal(out, &sent)
}

// fromMemory runs a process that reads a recording in memory, and returns its
// rate in flows a second and the time of the CPU per million flows.
func (b *bench) fromMemory(protocol string) (rate float64, cpu time.Duration, err error) {
	cmd, err := self(fmt.Sprintf("memory %s %d", protocol, b.replays))
	if err != nil {
		return 0, 0, err
	}
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("from memory: %w", err)
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, 0, err
	}
	return float64(r.Flows) / r.Elapsed.Seconds(), perMillion(used(cmd), r.Flows), nil
}
