package schema_test

import (
	"bufio"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow/schema"
)

// TestProtobufNumbersStay pins the number and type of every field on the wire.
// Stored messages are read by them: a line of testdata/protobuf.txt is never
// changed or removed. A new field adds one.
func TestProtobufNumbersStay(t *testing.T) {
	want := map[string]bool{}
	f, err := os.Open("testdata/protobuf.txt")
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		want[lines.Text()] = true
	}
	require.NoError(t, lines.Err())

	have := map[string]bool{}
	for i := range schema.Fields {
		f := &schema.Fields[i]
		have[fmt.Sprintf("%d %s %s", f.Proto, f.ProtoFieldName(), f.ProtoType())] = true
	}
	for _, f := range schema.FoldedFields {
		have[fmt.Sprintf("%d %s folded into %s", f.Proto, f.ProtoName, f.Into)] = true
	}
	for line := range want {
		require.True(t, have[line], "the schema lost or changed %q", line)
	}
	for line := range have {
		require.True(t, want[line], "add %q to testdata/protobuf.txt", line)
	}
}

func TestNumbersAreUsedOnce(t *testing.T) {
	seen := map[int]string{}
	use := func(n int, name string) {
		require.Empty(t, seen[n], "number %d of %s", n, name)
		seen[n] = name
	}
	for i := range schema.Fields {
		use(schema.Fields[i].Proto, schema.Fields[i].Name)
	}
	for _, f := range schema.FoldedFields {
		use(f.Proto, f.ProtoName)
	}
}
