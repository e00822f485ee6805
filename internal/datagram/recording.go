package datagram

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/internal/input"
)

// recording reads a recording.
type recording struct {
	buf  *input.Buffer
	off  int64 // of the next record in the (decompressed) recording
	held int   // bytes of the record that was given out
	out  [1]Datagram
}

// Receive returns the next datagram.
func (r *recording) Receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	r.skip(r.held)
	r.held = 0
	for {
		head, err := r.need(ctx, deadline, 1)
		if err != nil {
			return nil, err
		}
		if head[0] != magic[0] {
			break
		}
		if head, err = r.need(ctx, deadline, len(magic)); err != nil {
			return nil, err
		}
		if !bytes.Equal(head, magic[:]) {
			return nil, fmt.Errorf("byte %d: not a recording of version %d", r.off, magic[7])
		}
		r.skip(len(magic))
	}
	if r.off == 0 {
		return nil, fmt.Errorf("not a recording of datagrams")
	}
	head, err := r.need(ctx, deadline, recordHeader)
	if err != nil {
		return nil, err
	}
	size := recordHeader + int(binary.BigEndian.Uint16(head[34:]))
	rec, err := r.need(ctx, deadline, size)
	if err != nil {
		return nil, err
	}
	r.held = size
	r.out[0] = Datagram{
		Payload:  rec[recordHeader:size:size],
		From:     netip.AddrPortFrom(netip.AddrFrom16([16]byte(rec[8:24])).Unmap(), binary.BigEndian.Uint16(rec[24:])),
		Received: int64(binary.BigEndian.Uint64(rec)),
		Session:  int64(binary.BigEndian.Uint64(rec[26:])),
	}
	return r.out[:], nil
}

func (r *recording) skip(n int) {
	r.buf.Skip(n)
	r.off += int64(n)
}

// need returns the next n bytes. The end before the first is io.EOF.
func (r *recording) need(ctx context.Context, deadline time.Time, n int) ([]byte, error) {
	for len(r.buf.Bytes()) < n {
		if r.buf.Ended() {
			if len(r.buf.Bytes()) == 0 && r.off > 0 {
				return nil, io.EOF
			}
			return nil, fmt.Errorf("truncated at byte %d: %w", r.off+int64(len(r.buf.Bytes())), io.ErrUnexpectedEOF)
		}
		if err := r.buf.Fill(ctx, deadline, n); err != nil {
			return nil, err
		}
	}
	return r.buf.Bytes()[:n], nil
}
