package netflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/source/netflow"
)

// TestRecordsOnAFullDisk loses the recording, of which each datagram is counted,
// and no flow.
func TestRecordsOnAFullDisk(t *testing.T) {
	for _, datagrams := range []int{2, 400} { // fewer and more than a buffer
		c := start(t, "127.0.0.1:0", []netflow.Option{netflow.Record("/dev/full")})
		send := export.Dial(t, c.at)
		for i := range datagrams {
			send(export.V5(uint32(30*i), 30))
		}
		c.waitFor(30 * datagrams)
		require.EqualValues(t, datagrams, c.stop()["unrecorded_datagrams"])
	}
}
