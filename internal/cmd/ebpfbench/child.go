//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
)

// role is the variable of the environment that makes a process a child, so that
// what counting costs can be told from what sending does.
const role = "EBPFBENCH_ROLE"

// job is what a child does: it counts the flows of devA.
type job struct {
	Filter  string
	MapSize int // 0 for the default
	Ring    int // likewise
}

// result is what a child prints at its end.
type result struct {
	Flows    uint64
	Packets  uint64 // in flows, as the interface counts them
	Counters map[string]uint64
}

// others returns the packets that are in no flow and were not lost.
func (r *result) others() (n uint64) {
	for name, v := range r.Counters {
		if strings.HasPrefix(name, "refused_") && strings.HasSuffix(name, "_packets") {
			n += v
		}
	}
	return n
}

// child does what the parent wants of this process, if it has a job.
func child() (isChild bool, err error) {
	text := os.Getenv(role)
	if text == "" {
		return false, nil
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return true, err
	}
	r, err := j.count()
	if err != nil {
		return true, err
	}
	return true, json.NewEncoder(os.Stdout).Encode(r)
}

// count counts until the parent closes the standard input.
func (j *job) count() (r result, err error) {
	opts := []ebpf.Option{ebpf.Attach(ebpf.TCX)}
	if j.MapSize > 0 {
		opts = append(opts, ebpf.MapSize(j.MapSize))
	}
	if j.Ring > 0 {
		opts = append(opts, ebpf.RingBuffer(j.Ring))
	}
	plan := pipeline.From(ebpf.Device(devA, opts...)).Filter(filter.Expr(j.Filter)).To(sink.Func("sum", func(b *flow.Batch) error {
		for fl := range b.All() {
			n, _ := b.StackPackets(fl)
			r.Packets += n
			r.Flows++
		}
		return nil
	}))
	pl, err := plan.Build(pipeline.WithObserver(pipeline.Observer{Opened: func(stage string) {
		if strings.HasPrefix(stage, "ebpf") {
			fmt.Println("open")
		}
	}}))
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := pl.Run(ctx); err != nil {
		return r, err
	}
	r.Counters = pl.Stats().Stages[0].Counters
	return r, nil
}
