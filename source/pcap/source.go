package pcap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/input"
	"github.com/flowpipeline/pipeline/internal/packet"
)

const (
	// ctxEvery is after how many packets Read looks whether it must end.
	ctxEvery = 1024
	// maxNames bounds the interface names of one capture.
	maxNames = 1024
)

// source reads one capture.
type source struct {
	stage, name string
	open        func() (*input.Reader, error)

	stream  stream
	capture *capture.Reader
	table   *flowtable.Table
	names   *flow.Quota
	symbols []flow.Symbol // names by index of interface

	packet  packet.Packet
	at      int64
	pending bool  // packet has yet to be added
	end     error // why there are no more packets

	counters counters
}

// stream reads the file for no longer than the Read that is at work may.
type stream struct {
	file     *input.Reader
	ctx      context.Context
	deadline time.Time
}

func (s *stream) Read(p []byte) (int, error) {
	return s.file.ReadContext(s.ctx, s.deadline, p)
}

// Open opens the capture.
func (s *source) Open(_ context.Context, env pipeline.Env) error {
	file, err := s.open()
	if err != nil {
		return err
	}
	s.stream.file = file
	s.capture = capture.NewReader(&s.stream)
	s.names = env.Symbols.Quota(maxNames)
	s.counters.open(env)
	return nil
}

// Read fills b with flows that ended.
func (s *source) Read(ctx context.Context, b *flow.Batch) error {
	defer s.counters.publish(s.table)
	s.stream.ctx, s.stream.deadline = ctx, b.Deadline()
	for n := 1; s.end == nil; n++ {
		if n%ctxEvery == 0 && ctx.Err() != nil {
			break
		}
		if !s.pending {
			err := s.next()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return nil
			}
			if s.end = err; err != nil {
				break
			}
		}
		if s.pending && !s.table.Add(&s.packet, s.at, b) {
			return nil
		}
		s.pending = false
	}
	if err := ctx.Err(); err != nil {
		return err // Drain gives what is in the table
	}
	if !s.flush(b) {
		return nil
	}
	return s.end
}

// Drain gives the flows of what was read before the run was told to stop.
func (s *source) Drain(_ context.Context, b *flow.Batch) error {
	defer s.counters.publish(s.table)
	if !s.flush(b) {
		return nil
	}
	return io.EOF
}

// flush writes what is left at the end of the capture. A packet that was read
// but had no room yet still comes before it.
func (s *source) flush(b *flow.Batch) bool {
	if s.pending && !s.table.Add(&s.packet, s.at, b) {
		return false
	}
	s.pending = false
	return s.table.Flush(b)
}

// next reads a packet. It is pending then, unless it was refused.
func (s *source) next() error {
	var rec capture.Record
	if err := s.capture.Next(&rec); err != nil {
		return s.located(err)
	}
	s.counters.packets++
	refusal := packet.Parse(packet.LinkType(rec.LinkType), rec.Data, rec.WireLen, &s.packet)
	if refusal != packet.Accepted {
		s.counters.refused[refusal]++
		return nil
	}
	s.locate(&rec)
	s.at = rec.Time
	s.pending = true
	return nil
}

// located adds the file's name to an error of the capture. Those of the stream
// have it.
func (s *source) located(err error) error {
	var bad *capture.FormatError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) || err == s.stream.ctx.Err() {
		return err
	}
	return fmt.Errorf("%w (after byte %d of the capture)", err, s.capture.Offset())
}

// locate tells the packet where it was captured.
func (s *source) locate(rec *capture.Record) {
	for len(s.symbols) < s.capture.Interfaces() {
		name := s.capture.Interface(len(s.symbols)).Name
		symbol, _ := s.names.Intern([]byte(name))
		s.symbols = append(s.symbols, symbol)
	}
	p := &s.packet
	p.IfName = s.symbols[rec.Interface]
	if p.IfIndex == 0 {
		p.IfIndex = rec.InterfaceIndex
	}
	if p.IfIndex == 0 {
		p.IfIndex = s.capture.Interface(rec.Interface).Number
	}
}

// Close closes the capture and counts what was left in the table.
func (s *source) Close(context.Context) error {
	if s.pending {
		s.counters.lost++
	}
	s.counters.lost += s.table.Open()
	s.counters.publish(s.table)
	return s.stream.file.Close()
}

// Replays reports true: the packets tell the time.
func (s *source) Replays() bool { return true }

// String returns the source's name.
func (s *source) String() string { return s.stage }
