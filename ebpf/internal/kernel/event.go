//go:build linux

package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Kind says what an event is.
type Kind int

// Kinds of events.
const (
	// None is no event: the deadline passed, or Wake was called.
	None Kind = iota
	// Packet is a packet for which the live generation has no room. It is in no
	// other entry. A swap makes room.
	Packet
	// Frame tells Key, At and what Packet holds of the first frame of a flow that
	// has labels, segments, or another packet inside. It counts nothing.
	Frame
)

// Event waits for an event until the deadline; the zero time is none. A deadline
// that has passed only looks. e must not be used by anything else until the next
// call.
func (t *Table) Event(deadline time.Time, e *Entry) (Kind, error) {
	t.events.SetDeadline(deadline)
	err := t.events.ReadInto(&t.record)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ringbuf.ErrFlushed) {
		return None, nil
	}
	if err != nil {
		return None, fmt.Errorf("read events: %w", err)
	}
	return t.event(t.record.RawSample, e)
}

// Wake makes an Event that waits return None, once it has given the events that
// are there. It may be called concurrently with everything but Close.
func (t *Table) Wake() error { return t.events.Flush() }

// What events begin with: enum event_kind and the flow's key.
const (
	eventPacket = 1
	eventFrame  = 2

	keyOffset   = unsafe.Offsetof(bpf.FlowsFrameEvent{}.Event) + 8
	valueOffset = unsafe.Offsetof(bpf.FlowsPacketEventStatistics{}.Value)
)

// event reads an event.
func (t *Table) event(raw []byte, e *Entry) (Kind, error) {
	if len(raw) >= int(valueOffset) {
		words := t.config.layout().words()
		switch kind := binary.NativeEndian.Uint32(raw); {
		case kind == eventPacket && len(raw) >= int(valueOffset)+words*8:
			values := unsafe.Slice((*uint64)(unsafe.Pointer(&raw[valueOffset])), words)
			e.take((*packet.Key)(unsafe.Pointer(&raw[keyOffset])), values, t.config.layout(), t.offset)
			return Packet, nil
		case kind == eventFrame && len(raw) >= int(unsafe.Sizeof(bpf.FlowsFrameEvent{})):
			e.frame((*bpf.FlowsFrameEvent)(unsafe.Pointer(&raw[0])), t.offset)
			return Frame, nil
		}
	}
	return None, fmt.Errorf("event of %d bytes is none of the programs'", len(raw))
}

// frame reads the beginning of a frame.
func (e *Entry) frame(f *bpf.FlowsFrameEvent, offset int64) {
	e.Key = *(*packet.Key)(unsafe.Pointer(&f.Event.Key))
	e.At = int64(f.At) + offset
	data := f.Data[:min(int(f.Snap), len(f.Data))]
	packet.Parse(packet.LinkType(f.Link), data, int(f.Event.Length), &e.Packet)
	e.Packet.IfIndex = e.Key.IfIndex
	e.Packet.Direction = e.Key.Has & (packet.KeyIngress | packet.KeyEgress)
}
