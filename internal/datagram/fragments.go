package datagram

import (
	"encoding/binary"
	"net/netip"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

const (
	udpHeader = 8
	unit      = 8 // of fragment offsets [bytes]
	// maxParts bounds the datagrams that wait for fragments.
	maxParts = 64
)

func be16(p []byte) uint16 { return binary.BigEndian.Uint16(p) }

// address returns an address of a packet, which always has one.
func address(a flow.Addr) netip.Addr {
	if a.IsZero() {
		return netip.IPv6Unspecified()
	}
	return a.Netip()
}

// fragments puts datagrams together from the fragments of their IP packets, in
// whatever order they come. A datagram gives up its place to a newer one.
type fragments struct {
	waiting [maxParts]parts
	next    int    // whose place is taken next
	whole   []byte // what add returned last
}

// parts is what came of one IP packet.
type parts struct {
	key   fragmentKey
	data  []byte                                     // UDP header first
	got   int                                        // bytes of data that came
	total int                                        // 0 until the last fragment came
	seen  [(MaxPayload+udpHeader)/unit/64 + 1]uint64 // units that came
}

// mark marks the units of a fragment, and returns how many there are and how many
// of them came before.
func (w *parts) mark(at, size int) (units, before int) {
	for u := at / unit; u*unit < at+size; u++ {
		units++
		if bit := uint64(1) << (u % 64); w.seen[u/64]&bit != 0 {
			before++
		} else {
			w.seen[u/64] |= bit
		}
	}
	return units, before
}

type fragmentKey struct {
	src, dst flow.Addr
	id       uint32
}

// add takes a fragment. It returns the datagram, with its UDP header, that the
// fragment completed, valid until the next call, and how many datagrams are lost
// because of it: the one it cannot belong to, or one that gave up its place.
func (f *fragments) add(p *packet.Packet, frame []byte) (whole []byte, lost uint64) {
	begin, size := int(p.HeaderLen), int(p.PayloadLen)
	if p.FirstFragment() {
		begin, size = begin-udpHeader, size+udpHeader
	}
	at := int(p.FragmentOffset) * unit
	more := p.IPFlags&1 != 0
	if begin < 0 || begin+size > len(frame) || at+size > MaxPayload+udpHeader || size == 0 || more && size%unit != 0 {
		return nil, 1
	}
	w, lost := f.find(fragmentKey{p.Src, p.Dst, p.FragmentID})
	switch units, before := w.mark(at, size); before {
	case 0:
	case units: // the same one twice, as where a capture sees a packet twice
		return nil, lost
	default:
		return nil, lost + w.drop()
	}
	w.got += size
	if end := at + size; end > len(w.data) {
		w.data = append(w.data, make([]byte, end-len(w.data))...)
	}
	copy(w.data[at:], frame[begin:begin+size])
	if !more {
		w.total = at + size
	}
	switch {
	case w.total == 0 || w.got < w.total:
		return nil, lost
	case len(w.data) > w.total: // some lie behind the last one
		return nil, lost + w.drop()
	}
	f.whole, w.data = w.data, f.whole
	w.drop()
	return f.whole, lost
}

// drop forgets a datagram, and returns that it is one.
func (w *parts) drop() uint64 {
	*w = parts{data: w.data[:0]}
	return 1
}

// find returns what came of a packet before, or an empty place for it, and how
// many datagrams had to go for that.
func (f *fragments) find(k fragmentKey) (w *parts, lost uint64) {
	for i := range f.waiting {
		if f.waiting[i].key == k && f.waiting[i].got > 0 {
			return &f.waiting[i], 0
		}
	}
	w = &f.waiting[f.next]
	f.next = (f.next + 1) % maxParts
	if w.got > 0 {
		lost = 1
	}
	*w = parts{key: k, data: w.data[:0]}
	return w, lost
}

// drop forgets what waits, and returns how many datagrams that are.
func (f *fragments) drop() (lost uint64) {
	for i := range f.waiting {
		if f.waiting[i].got > 0 {
			lost++
		}
		f.waiting[i] = parts{}
	}
	return lost
}
