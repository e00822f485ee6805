package alert

import (
	"bytes"
	"encoding/json"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// fields tells the fields of a flow by name.
type fields struct {
	encoder *codec.JSONEncoder
	buf     []byte
}

func (f *fields) open() { f.encoder = codec.NewJSONEncoder(codec.JSONOptions{}) }

// begin is to be called for each batch.
func (f *fields) begin(b *flow.Batch) { f.encoder.Begin(b) }

// json returns a flow as a JSON object, until the next call.
func (f *fields) json(fl *flow.Flow) []byte {
	f.buf = f.encoder.AppendFlow(f.buf[:0], fl)
	return f.buf
}

// values returns the fields that are present. Numbers keep all their digits.
func (f *fields) values(fl *flow.Flow) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(f.json(fl)))
	d.UseNumber()
	values := map[string]any{}
	return values, d.Decode(&values)
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
