package source

import (
	"fmt"
	"io"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// Proto reads flows from a file of protobuf messages, each with its length in
// front as a varint: goflow2's FlowMessage, flowpipeline's EnrichedFlow or this
// library's own. "-" is standard input. gzip and zstd are recognised by the
// content. Fields that are not known are counted ("unknown").
//
// An error names the file and the byte, from 0, where the message begins in the
// uncompressed stream. A message over 1 MiB is one.
func Proto(path string, opts ...Option) pipeline.Source {
	return newStream("proto("+path+")", opts, newMessages, fromPath(path))
}

// ProtoReader is Proto of a reader, called name in errors. See JSONReader.
func ProtoReader(name string, r io.Reader, opts ...Option) pipeline.Source {
	return newStream("proto("+name+")", opts, newMessages, fromReader(name, r))
}

type messages struct {
	dec     *codec.ProtoDecoder
	at, end int64 // bytes in front of the latest message, and behind it
}

func newMessages() records { return new(messages) }

func (m *messages) open(env pipeline.Env, o options) {
	m.dec = codec.NewProtoDecoder(env.Symbols.Quota(o.symbols))
}

func (m *messages) counts() (unknown, refused uint64) { return m.dec.Unknown(), m.dec.Refused() }

func (m *messages) place() string { return fmt.Sprintf("byte %d", m.at) }

func (m *messages) next(p []byte, b *flow.Batch, ended bool) (size, need int, err error) {
	m.at = m.end
	msg, size, need, err := codec.Frame(p)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("length of a message: %w", err)
	case size == 0 && ended && len(p) > 0:
		return 0, 0, fmt.Errorf("message of %d bytes cut to %d: %w", need, len(p), io.ErrUnexpectedEOF)
	case size == 0:
		return 0, need, nil
	}
	m.end += int64(size)
	if err := m.dec.Decode(msg, b, b.Next()); err != nil {
		b.Undo()
		return size, 0, badRecord{fmt.Errorf("in the message: %w", err)}
	}
	return size, 0, nil
}
