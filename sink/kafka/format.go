package kafka

import (
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// format is how a flow is written in a record.
type format uint8

const (
	delimited format = iota
	bare
	jsonObject
)

// encoder writes the flows of the batch that Begin was given.
type encoder interface {
	Begin(b *flow.Batch)
	AppendFlow(dst []byte, fl *flow.Flow) []byte
}

func (f format) encoder() encoder {
	switch f {
	case bare:
		return codec.NewProtoEncoder()
	case jsonObject:
		return codec.NewJSONEncoder(codec.JSONOptions{})
	}
	return framed{codec.NewProtoEncoder()}
}

type framed struct{ *codec.ProtoEncoder }

// AppendFlow implements encoder.
func (f framed) AppendFlow(dst []byte, fl *flow.Flow) []byte { return f.AppendDelimited(dst, fl) }
