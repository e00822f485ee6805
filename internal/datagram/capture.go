package datagram

import (
	"context"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
	"github.com/flowpipeline/pipeline/internal/input"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// Counts are what a file has that are no datagrams for the decoders.
type Counts struct {
	// Of a capture:

	Packets   uint64 // read
	Refused   uint64 // whose headers cannot be read
	Others    uint64 // that are no UDP, of other ports, or no flow export
	Fragments uint64 // datagrams of which fragments were missing or wrong
	Truncated uint64 // datagrams that the capture cut off; what is there is decoded

	// Of a recording:

	Torn      uint64 // places at which neither a record nor a section begins
	TornBytes uint64 // skipped there
}

// ctxEvery is after how many packets a look is taken at the context and the
// clock.
const ctxEvery = 1024

// captured reads the datagrams of a packet capture.
type captured struct {
	stream stream
	reader *capture.Reader
	ports  []uint16 // taken; none for any port
	packet packet.Packet
	parts  fragments
	counts Counts
	out    [1]Datagram
}

func newCaptured(in *input.Reader, buf *input.Buffer, ports []uint16) *captured {
	c := &captured{ports: ports}
	c.stream.in, c.stream.buf = in, buf
	c.reader = capture.NewReader(&c.stream)
	return c
}

// Receive returns the next datagram.
func (c *captured) Receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	c.stream.ctx, c.stream.deadline = ctx, deadline
	for n := 1; ; n++ {
		if n%ctxEvery == 0 {
			if err := over(ctx, deadline); err != nil {
				return nil, err
			}
		}
		var rec capture.Record
		if err := c.reader.Next(&rec); err != nil {
			if err == io.EOF {
				c.counts.Fragments += c.parts.drop()
			}
			return nil, err
		}
		c.counts.Packets++
		p := &c.packet
		if packet.Parse(packet.LinkType(rec.LinkType), rec.Data, rec.WireLen, p) != packet.Accepted {
			c.counts.Refused++
			continue
		}
		if c.take(&rec) {
			return c.out[:], nil
		}
	}
}

// over returns the error of a context or a deadline that is over.
func over(ctx context.Context, deadline time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if time.Now().After(deadline) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// take makes a datagram of a packet, if it is one.
func (c *captured) take(rec *capture.Record) bool {
	p := &c.packet
	payload, from, to := []byte(nil), p.SrcPort, p.DstPort
	switch {
	case p.Has&packet.HasFragment != 0 && p.FragmentProto == flow.ProtoUDP:
		whole, lost := c.parts.add(p, rec.Data)
		c.counts.Fragments += lost
		if len(whole) < udpHeader {
			return false
		}
		from, to, payload = be16(whole), be16(whole[2:]), whole[udpHeader:]
	case p.Proto != flow.ProtoUDP || p.Has&packet.HasPorts == 0:
		c.counts.Others++
		return false
	default:
		begin := min(int(p.HeaderLen), len(rec.Data))
		end := min(begin+int(p.PayloadLen), len(rec.Data))
		payload = rec.Data[begin:end]
		if len(payload) < int(p.PayloadLen) {
			c.counts.Truncated++
		}
	}
	if len(c.ports) > 0 && !slices.Contains(c.ports, to) || len(c.ports) == 0 && !Looks(payload) {
		c.counts.Others++
		return false
	}
	c.out[0] = Datagram{Payload: payload, From: netip.AddrPortFrom(address(p.Src), from), Received: rec.Time}
	return true
}

// stream is what is left in a buffer and behind it.
type stream struct {
	in       *input.Reader
	buf      *input.Buffer
	ctx      context.Context
	deadline time.Time
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.buf.Bytes()) == 0 {
		if s.buf.Ended() {
			return 0, io.EOF
		}
		if err := s.buf.Fill(s.ctx, s.deadline, 0); err != nil {
			return 0, err
		}
	}
	if d := s.in.Damage(); d.Places > 0 { // a capture has no checksums
		return 0, d.First
	}
	n := copy(p, s.buf.Bytes())
	s.buf.Skip(n)
	return n, nil
}
