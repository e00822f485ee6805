package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// format is how flows are written in a record.
type format uint8

const (
	unknownFormat format = iota
	delimited
	bare
	jsonLines
)

var (
	errEmpty  = errors.New("the record is empty")
	errFormat = errors.New("the record is neither JSON nor a protobuf message, with its length in front or without")
)

// detect tells the format of a record by its bytes. Bytes that are right as
// delimited messages and as a bare one are taken for the former.
func detect(p []byte) format {
	switch {
	case isObject(p):
		return jsonLines
	case isDelimited(p):
		return delimited
	case isMessage(p):
		return bare
	}
	return unknownFormat
}

// isObject reports whether p begins and ends as a JSON object does.
func isObject(p []byte) bool {
	p = bytes.TrimSpace(p)
	if len(p) < 2 || p[0] != '{' || p[len(p)-1] != '}' {
		return false
	}
	p = bytes.TrimLeft(p[1:], " \t\r\n")
	return p[0] == '"' || p[0] == '}'
}

func isDelimited(p []byte) bool {
	for len(p) > 0 {
		msg, size, _, err := codec.Frame(p)
		if err != nil || size == 0 || !isMessage(msg) {
			return false
		}
		p = p[size:]
	}
	return true
}

// isMessage reports whether p is nothing but fields of protobuf.
func isMessage(p []byte) bool {
	for len(p) > 0 {
		tag, n := binary.Uvarint(p)
		if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
			return false
		}
		p = p[n:]
		size := uint64(0)
		switch tag & 7 {
		case 0:
			_, n = binary.Uvarint(p)
			size = uint64(max(n, 0))
		case 1:
			n, size = 1, 8
		case 2:
			var length uint64
			if length, n = binary.Uvarint(p); n > 0 && length <= uint64(len(p)) {
				size = uint64(n) + length
			} else {
				n = 0
			}
		case 5:
			n, size = 1, 4
		default:
			return false
		}
		if n <= 0 || size > uint64(len(p)) {
			return false
		}
		p = p[size:]
	}
	return true
}

// decoder reads flows from records.
type decoder struct {
	proto *codec.ProtoDecoder
	json  *codec.JSONDecoder
}

// next decodes the first flow of p into b, and returns how many bytes it took. A
// blank line takes bytes, and is no flow.
func (d *decoder) next(f format, p []byte, b *flow.Batch) (size int, err error) {
	msg := p
	size = len(p)
	switch f {
	case delimited:
		var need int
		msg, size, need, err = codec.Frame(p)
		if err == nil && size == 0 {
			err = fmt.Errorf("message of %d bytes cut to %d: %w", need, len(p), io.ErrUnexpectedEOF)
		}
	case jsonLines:
		if end := bytes.IndexByte(p, '\n'); end >= 0 {
			msg, size = p[:end], end+1
		}
		if msg = bytes.TrimSpace(msg); len(msg) == 0 {
			return size, nil
		}
	case unknownFormat:
		err = errFormat
	}
	if err != nil {
		return 0, err
	}
	fl := b.Next()
	if f == jsonLines {
		err = d.json.Decode(msg, b, fl)
	} else {
		err = d.proto.Decode(msg, b, fl)
	}
	if err != nil {
		b.Undo()
		return 0, err
	}
	return size, nil
}
