package main

import (
	"net"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/examples/internal/flows"
)

// split tells the input from the filter.
func split(args []string) (name, expr string) {
	args = append(args, "", "")
	name, expr = args[0], args[1]
	if _, err := os.Stat(name); err != nil && name != "-" && !live(name) && expr == "" {
		return "", name // what is neither file nor interface is a filter
	}
	return name, expr
}

// live reports whether a name is that of an interface and of no file.
func live(name string) bool {
	if _, err := os.Stat(name); err == nil {
		return false
	}
	_, err := net.InterfaceByName(name)
	return err == nil
}

// open returns the source of an input. An interface shows a flow within a second
// of its first packet, and then what more there is of it.
func open(name string, processes bool) pipeline.Source {
	if live(name) {
		opts := []ebpf.Option{ebpf.Active(500 * time.Millisecond), ebpf.Interval(250 * time.Millisecond)}
		if processes {
			opts = append(opts, ebpf.Processes())
		}
		return ebpf.Device(name, opts...)
	}
	return flows.From(name)
}
