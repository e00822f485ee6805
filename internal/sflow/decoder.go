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
	received int64
	agent    *agent    // that it is of
	followed bool      // whether the numbers of its samples are followed
	base     flow.Flow // what its flow samples have in common

	agents   agents
	stranger agent // one of too many
	latest   Example

	packet packet.Packet
	inner  packet.Packet
	words  []uint32 // room for a list
	rare   rare
}

// NewDecoder returns a decoder.
func NewDecoder(c Config) *Decoder { return &Decoder{config: c} }

// Counts returns what the decoder did so far.
func (d *Decoder) Counts() Counts { return d.counts }

// Latest returns the latest example of damage.
func (d *Decoder) Latest() Example { return d.latest }

// Begin starts a datagram: its payload, where it came from, and when it was
// received, in nanoseconds since the epoch. Call Fill until it is done with it,
// before the next Begin. The payload must stay as it is until then.
func (d *Decoder) Begin(payload []byte, from netip.AddrPort, received int64) {
	d.counts.Datagrams++
	d.rest, d.left = nil, 0
	d.received = received
	r := reader{rest: payload}
	sender := flow.AddrFrom(from.Addr())
	v := r.u32()
	if !r.short && v != version {
		d.refuseFrom(UnsupportedVersion, sender)
		return
	}
	agent, ok := r.address()
	subAgent, sequence, uptime := r.u32(), r.u32(), r.u32()
	left := r.u32()
	switch {
	case !ok:
		d.refuseFrom(BadAgent, sender)
		return
	case r.short:
		d.refuseFrom(TruncatedDatagram, sender)
		return
	}
	if agent.IsZero() || agent == flow.AddrFrom4([4]byte{}) {
		agent = sender // the agent does not know its address
	}
	d.enter(agentKey{agent, subAgent}, sequence, uptime)
	d.begin(sequence)
	d.rest, d.left = r.rest, left
}

// begin prepares what the flow samples of a datagram have in common.
func (d *Decoder) begin(sequence uint32) {
	fl, key := &d.base, &d.agent.key
	*fl = flow.Flow{}
	fl.SetType(flow.TypeSFlow5)
	fl.SetTimeReceived(d.received)
	fl.SetTimeStart(d.received)
	fl.SetTimeEnd(d.received)
	fl.SetSequenceNum(sequence)
	if !key.addr.IsZero() {
		fl.SetExporter(key.addr)
	}
	fl.SetObservationDomain(key.subAgent)
	fl.SetPackets(1)
}

// Fill adds flows of the datagram to b until there are no more, when it returns
// true, or until b is full.
func (d *Decoder) Fill(b *flow.Batch) (done bool) {
	for d.left > 0 && len(d.rest) >= 8 {
		format := binary.BigEndian.Uint32(d.rest)
		size := binary.BigEndian.Uint32(d.rest[4:])
		if uint64(size) > uint64(len(d.rest)-8) {
			d.refuse(TruncatedSample)
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
			if d.config.Counters && b.Full() {
				return false
			}
			d.counterSample(format, body, b)
		default:
			d.refuse(UnknownSample)
		}
		d.rest = d.rest[min(8+padded(size), len(d.rest)):]
		d.left--
	}
	switch {
	case d.left > 0:
		d.refuse(TruncatedDatagram)
	case len(d.rest) > 0:
		d.refuse(TrailingBytes)
	}
	d.rest, d.left = nil, 0
	return true
}
