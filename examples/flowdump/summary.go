package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink"
)

// summarize prints what passed the interface.
func summarize(w io.Writer, s pipeline.Stats, count *sink.Counter) {
	var refused, lost uint64
	for name, n := range s.Stages[0].Counters {
		switch {
		case !strings.HasSuffix(name, "_packets") || strings.HasPrefix(name, "lost_wire"):
		case strings.HasPrefix(name, "refused_"):
			refused += n
		case strings.HasPrefix(name, "lost_"), strings.HasPrefix(name, "abandoned_"):
			lost += n
		}
	}
	_, _ = fmt.Fprintf(w, "%d flows, %d packets, %d bytes; %d packets that are no IP; %d packets lost\n",
		count.Flows(), count.Packets(), count.Bytes(), refused, lost)
}
