package sink

import (
	"io"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// JSON writes each flow as a JSON object on a line of its own: the fields that
// are present, by the names in docs/fields.md, numbers as numbers, addresses as
// text.
func JSON(w io.Writer) pipeline.Sink { return toWriter("json", w, jsonEncoder) }

// JSONFile writes JSON lines to a file; see JSON. A path that ends in .gz or .zst
// is compressed.
func JSONFile(path string) pipeline.Sink { return toFile("json", path, jsonEncoder) }

// CSV writes a header and then a row for each flow, with the named fields or, with
// none, all of the Flow struct. What is absent is empty. Quotes are those of RFC
// 4180; lines end with a line feed alone.
func CSV(w io.Writer, fields ...string) pipeline.Sink { return toWriter("csv", w, csvEncoder(fields)) }

// CSVFile writes CSV to a file; see CSV and JSONFile.
func CSVFile(path string, fields ...string) pipeline.Sink {
	return toFile("csv", path, csvEncoder(fields))
}

// Proto writes each flow as a protobuf message behind its length as a varint,
// with goflow2's and flowpipeline's field numbers.
func Proto(w io.Writer) pipeline.Sink { return toWriter("proto", w, protoEncoder) }

// ProtoFile writes length-delimited protobuf to a file; see Proto and JSONFile.
func ProtoFile(path string) pipeline.Sink { return toFile("proto", path, protoEncoder) }

func jsonEncoder() (encoder, error) { return codec.NewJSONEncoder(codec.JSONOptions{}), nil }

func protoEncoder() (encoder, error) { return codec.NewProtoEncoder(), nil }

func csvEncoder(fields []string) func() (encoder, error) {
	return func() (encoder, error) { return codec.NewCSVEncoder(fields...), nil }
}
