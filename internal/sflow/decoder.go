package sflow

import (
	"encoding/binary"
	"net/netip"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// version is that of the datagrams that are decoded.
const version = 5

// Formats of samples of the standard's own enterprise 0.
const (
	formatFlow             = 1
	formatCounters         = 2
	formatExpandedFlow     = 3
	formatExpandedCounters = 4
	formatDiscarded        = 5
)

// Decoder decodes one datagram after the other. It is not safe for concurrent
// use.
type Decoder struct {
	config Config
	counts Counts

	rest     []byte // samples that are left of the datagram
	left     uint32 // how many the datagram says there are
	agent    flow.Addr
	subAgent uint32
	sequence uint32
	received int64

	found    found
	packet   packet.Packet
	inner    packet.Packet
	words    []uint32 // room for a list
	counters CounterSample
}

// NewDecoder returns a decoder.
func NewDecoder(c Config) *Decoder { return &Decoder{config: c} }

// Counts returns what the decoder did so far.
func (d *Decoder) Counts() Counts { return d.counts }

// Begin starts a datagram: its payload, where it came from, and when it was
// received, in nanoseconds since the epoch. Call Fill until it is done with it,
// before the next Begin. The payload must stay as it is until then.
func (d *Decoder) Begin(payload []byte, from netip.AddrPort, received int64) {
	d.counts.Datagrams++
	d.rest, d.left = nil, 0
	d.received = received
	r := reader{rest: payload}
	v := r.u32()
	if !r.short && v != version {
		d.counts.Refused[UnsupportedVersion]++
		return
	}
	agent, ok := r.address()
	d.subAgent = r.u32()
	d.sequence = r.u32()
	r.u32() // uptime
	left := r.u32()
	switch {
	case !ok:
		d.counts.Refused[BadAgent]++
		return
	case r.short:
		d.counts.Refused[TruncatedDatagram]++
		return
	}
	if agent.IsZero() || agent == flow.AddrFrom4([4]byte{}) {
		agent = flow.AddrFrom(from.Addr()) // the agent does not know its address
	}
	d.agent = agent
	d.rest, d.left = r.rest, left
}

// Fill adds flows of the datagram to b until there are no more, when it returns
// true, or until b is full.
func (d *Decoder) Fill(b *flow.Batch) (done bool) {
	for d.left > 0 && len(d.rest) >= 8 {
		format := binary.BigEndian.Uint32(d.rest)
		size := binary.BigEndian.Uint32(d.rest[4:])
		if uint64(size) > uint64(len(d.rest)-8) {
			d.counts.Refused[TruncatedSample]++
			d.rest, d.left = nil, 0
			return true
		}
		body := d.rest[8 : 8+size]
		switch format {
		case formatFlow, formatExpandedFlow, formatDiscarded:
			if b.Full() {
				return false
			}
			d.flowSample(format, body, b)
		case formatCounters, formatExpandedCounters:
			d.counterSample(format, body)
		default:
			d.counts.Refused[UnknownSample]++
		}
		d.rest = d.rest[min(8+padded(size), len(d.rest)):]
		d.left--
	}
	switch {
	case d.left > 0:
		d.counts.Refused[TruncatedDatagram]++
	case len(d.rest) > 0:
		d.counts.Refused[TrailingBytes]++
	}
	d.rest, d.left = nil, 0
	return true
}
