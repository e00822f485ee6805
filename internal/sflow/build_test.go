package sflow

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// words writes numbers in network order.
func words(v ...uint32) []byte {
	var p []byte
	for _, w := range v {
		p = binary.BigEndian.AppendUint32(p, w)
	}
	return p
}

// cat joins parts: bytes, texts (with length and fill), numbers.
func cat(parts ...any) []byte {
	var p []byte
	for _, part := range parts {
		switch v := part.(type) {
		case []byte:
			p = append(p, v...)
		case string:
			p = append(p, opaque([]byte(v))...)
		case int:
			p = append(p, words(uint32(v))...)
		case netip.Addr:
			if v.Is4() {
				p = append(p, words(1)...)
			} else {
				p = append(p, words(2)...)
			}
			p = append(p, v.AsSlice()...)
		default:
			panic("part of a datagram of no known type")
		}
	}
	return p
}

// opaque is bytes behind their length, filled up to a multiple of 4.
func opaque(p []byte) []byte {
	return append(append(words(uint32(len(p))), p...), make([]byte, -len(p)&3)...)
}

// tlv is a sample or a record.
func tlv(format int, parts ...any) []byte { return cat(format, opaque(cat(parts...))) }

// flowSample is a flow sample of source, in and out as on the wire.
func flowSample(source, rate, in, out int, records ...[]byte) []byte {
	p := cat(7, source, rate, 1000, 0, in, out, len(records))
	for _, r := range records {
		p = append(p, r...)
	}
	return tlv(formatFlow, p)
}

func datagram(samples ...[]byte) []byte {
	p := cat(version, netip.MustParseAddr("192.0.2.200"), 3, 42, 1000, len(samples))
	for _, s := range samples {
		p = append(p, s...)
	}
	return p
}

// raw is a record of a raw header of a frame of 4 more bytes than are there.
func raw(protocol int, header []byte) []byte {
	return tlv(recordRaw, protocol, len(header)+4, 4, opaque(header))
}

func ip4(proto uint8, payload []byte) []byte {
	h := []byte{0x45, 0x10, 0, 0, 0, 9, 0x40, 0, 64, proto, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	return append(h, payload...)
}

func udp(src, dst uint16, payload []byte) []byte {
	h := make([]byte, 8)
	binary.BigEndian.PutUint16(h, src)
	binary.BigEndian.PutUint16(h[2:], dst)
	binary.BigEndian.PutUint16(h[4:], uint16(len(h)+len(payload)))
	return append(h, payload...)
}

func ether(kind uint16, payload []byte) []byte {
	h := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0}
	binary.BigEndian.PutUint16(h[12:], kind)
	return append(h, payload...)
}

// web is an Ethernet frame of a TCP segment.
var web = ether(flow.EtherTypeIPv4, ip4(flow.ProtoTCP, []byte{0xc3, 0x50, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x12, 0, 0, 0, 0, 0, 0}))

const received = int64(1_700_000_000_000_000_000)

var collectorPeer = netip.MustParseAddrPort("198.51.100.1:6343")

// harness decodes datagrams into one batch.
type harness struct {
	*Decoder
	batch *flow.Batch
}

func newHarness(c Config, size int) *harness {
	owner := flow.NewOwner(flow.OwnerConfig{Size: size})
	return &harness{Decoder: NewDecoder(c), batch: owner.Begin(0, time.Time{})}
}

// decode returns the flows of one datagram that fits in the batch.
func (h *harness) decode(t testing.TB, payload []byte) []*flow.Flow {
	t.Helper()
	before := h.batch.Len()
	h.Begin(payload, collectorPeer, received)
	require.True(t, h.Fill(h.batch))
	flows, rows := h.batch.Raw()
	var out []*flow.Flow
	for _, i := range rows[before:] {
		out = append(out, &flows[i])
	}
	return out
}

// one returns the flow of a datagram of one sample with these records.
func (h *harness) one(t testing.TB, records ...[]byte) *flow.Flow {
	t.Helper()
	flows := h.decode(t, datagram(flowSample(5, 100, 5, 6, records...)))
	require.Len(t, flows, 1)
	return flows[0]
}
