package stream

import (
	"encoding/binary"
	"fmt"
)

const (
	versionIPFIX = 10
	headerIPFIX  = 16      // bytes of a message's header
	maxMessage   = 1 << 16 // has room for any message
)

// frames cuts a stream into messages (RFC 7011 section 3.1).
type frames struct {
	buf        []byte // maxMessage long
	begin, end int    // of what was read and is not cut off yet
	cut        uint64 // bytes cut off
}

// room moves what is left to the front, and returns where to read on: at least one
// byte, once next has found no message. Messages given out are no longer valid.
func (f *frames) room() []byte {
	if f.begin > 0 {
		f.end = copy(f.buf, f.buf[f.begin:f.end])
		f.begin = 0
	}
	return f.buf[f.end:]
}

// next returns the next message, and nil when more has to be read for it. An error
// says at which byte of the stream it is that no message begins.
func (f *frames) next() ([]byte, error) {
	p := f.buf[f.begin:f.end]
	if len(p) < 2 {
		return nil, nil
	}
	if v := binary.BigEndian.Uint16(p); v != versionIPFIX {
		return nil, fmt.Errorf("byte %d: version %d is not %d", f.cut, v, versionIPFIX)
	}
	if len(p) < 4 {
		return nil, nil
	}
	n := int(binary.BigEndian.Uint16(p[2:]))
	if n < headerIPFIX {
		return nil, fmt.Errorf("byte %d: a message of %d bytes is shorter than its header", f.cut, n)
	}
	if n > len(p) {
		return nil, nil
	}
	f.begin += n
	f.cut += uint64(n)
	return p[:n:n], nil
}

// left returns how many bytes were read and not cut off.
func (f *frames) left() int { return f.end - f.begin }
