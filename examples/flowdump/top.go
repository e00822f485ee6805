package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	rows = 20
	// maxTalkers bounds the talkers that are remembered; the least are forgotten.
	maxTalkers = 1 << 16
	clear      = "\x1b[H\x1b[2J" // ANSI: to the upper left corner, clear the screen
)

// talker is who talks to whom.
type talker struct {
	src, dst flow.Addr
	proto    uint8
}

type talk struct {
	talker
	bytes, packets, recent uint64 // recent are the bytes since the last table
}

// top prints those that sent most, each second.
type top struct {
	out   io.Writer
	talks map[talker]*talk
	drawn int64 // when, in nanoseconds since the epoch
}

func newTop(out io.Writer) *top { return &top{out: out, talks: map[talker]*talk{}} }

// Process adds up flows.
func (t *top) Process(_ context.Context, b *flow.Batch) error {
	if t.drawn == 0 {
		t.drawn = b.Now()
	}
	for fl := range b.All() {
		k := talker{fl.SrcAddr, fl.DstAddr, fl.Proto}
		s := t.talks[k]
		if s == nil {
			s = &talk{talker: k}
			t.talks[k] = s
		}
		s.bytes += fl.Bytes
		s.recent += fl.Bytes
		s.packets += fl.Packets
	}
	return nil
}

// Interval returns how often Tick is called.
func (t *top) Interval() time.Duration { return time.Second }

// Tick prints the table.
func (t *top) Tick(_ context.Context, now int64, _ bool, _ *flow.Batch) (bool, error) {
	all := make([]*talk, 0, len(t.talks))
	for _, s := range t.talks {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *talk) int {
		return cmp.Or(cmp.Compare(b.recent, a.recent), cmp.Compare(b.bytes, a.bytes), strings.Compare(a.String(), b.String()))
	})
	seconds := max(time.Duration(now-t.drawn).Seconds(), 0.001)
	t.drawn = now
	table := fmt.Appendf(nil, "%s%10s %12s %12s  %s\n", clear, "Mbit/s", "bytes", "packets", "talker")
	for i, s := range all {
		if i < rows {
			table = fmt.Appendf(table, "%10.3f %12d %12d  %s\n", float64(s.recent)*8/1e6/seconds, s.bytes, s.packets, s)
		}
		s.recent = 0
		if i >= maxTalkers {
			delete(t.talks, s.talker)
		}
	}
	_, err := t.out.Write(table)
	return false, err
}

func (k talker) String() string {
	return fmt.Sprintf("%s → %s, %s", k.src, k.dst, flow.EnumText(flow.FieldProto, uint64(k.proto)))
}
