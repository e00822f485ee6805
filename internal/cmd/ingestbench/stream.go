package main

import (
	"encoding/binary"
	"math/rand/v2"
)

const (
	perDatagram = 24 // records
	distinct    = 64 // datagrams, sent again and again
	templateID  = 300
)

var be = binary.BigEndian

// field of a template: information element and length.
type field struct{ id, length uint16 }

// usual are the fields of a router's template for IPv4, but for its times.
var usual = []field{
	{8, 4}, {12, 4}, {15, 4}, {10, 4}, {14, 4}, {2, 4}, {1, 4}, {7, 2}, {11, 2}, {6, 1},
	{4, 1}, {5, 1}, {61, 1}, {16, 4}, {17, 4}, {9, 1}, {13, 1},
}

// times by protocol: of the first and the last packet, by the exporter's uptime
// or in milliseconds since the epoch.
var times = map[string][]field{
	"netflow9": {{22, 4}, {21, 4}},
	"ipfix":    {{152, 8}, {153, 8}},
}

// stream is what one exporter sends, over and over.
type stream struct {
	protocol string
	sequence uint32
	template []byte
	data     [][]byte
	next     int
}

// newStream returns the stream of an observation domain.
func newStream(protocol string, domain uint32) *stream {
	r := rand.New(rand.NewPCG(1, uint64(domain)))
	fields := append(append([]field(nil), usual...), times[protocol]...)
	t := be.AppendUint16(nil, templateID)
	t = be.AppendUint16(t, uint16(len(fields)))
	for _, f := range fields {
		t = be.AppendUint16(be.AppendUint16(t, f.id), f.length)
	}
	s := &stream{protocol: protocol}
	set := uint16(0)
	if protocol == "ipfix" {
		set = 2
	}
	s.template = s.message(domain, 1, set, t)
	for range distinct {
		var p []byte
		for range perDatagram {
			for _, f := range fields {
				p = appendValue(p, r, f)
			}
		}
		s.data = append(s.data, s.message(domain, perDatagram, templateID, p))
	}
	return s
}

func appendValue(p []byte, r *rand.Rand, f field) []byte {
	switch f.id {
	case 8, 12, 15: // addresses
		return be.AppendUint32(p, r.Uint32())
	case 22, 21:
		return be.AppendUint32(p, uint32(uptime-r.IntN(60_000)))
	case 152, 153:
		return be.AppendUint64(p, uint64(seconds)*1000-uint64(r.IntN(60_000)))
	case 4:
		return append(p, []byte{6, 6, 6, 17, 1}[r.IntN(5)])
	}
	v := r.Uint64() >> (64 - 8*f.length) >> r.IntN(int(8*f.length)) // short ones often
	return be.AppendUint64(p, v<<(64-8*f.length))[:len(p)+int(f.length)]
}

const (
	seconds = 1_700_000_000
	uptime  = 5_000_000 // milliseconds
)

// message puts a header before a set.
func (s *stream) message(domain uint32, records, set uint16, body []byte) (p []byte) {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	if s.protocol == "ipfix" {
		p = be.AppendUint16(be.AppendUint16(p, 10), uint16(20+len(body)))
		p = be.AppendUint32(p, seconds)
	} else {
		p = be.AppendUint16(be.AppendUint16(p, 9), records)
		p = be.AppendUint32(be.AppendUint32(p, uptime), seconds)
	}
	p = be.AppendUint32(be.AppendUint32(p, 0), domain)
	p = be.AppendUint16(be.AppendUint16(p, set), uint16(4+len(body)))
	return append(p, body...)
}

// first returns the datagram with the template.
func (s *stream) first() []byte { return s.number(s.template, 0) }

// datagram returns the next datagram of data.
func (s *stream) datagram() []byte {
	p := s.data[s.next]
	s.next = (s.next + 1) % distinct
	return s.number(p, perDatagram)
}

// number writes the sequence number, which counts datagrams in NetFlow v9 and
// records in IPFIX.
func (s *stream) number(p []byte, records uint32) []byte {
	if s.protocol == "ipfix" {
		be.PutUint32(p[8:], s.sequence)
		s.sequence += records
	} else {
		be.PutUint32(p[12:], s.sequence)
		s.sequence++
	}
	return p
}
