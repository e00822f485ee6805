package netflow

import (
	"context"
	"net"
	"testing"

	"github.com/flowpipeline/pipeline/pipelinetest"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// generated returns an open sink with a batch of made-up flows.
func generated(b *testing.B, target string) *rig {
	b.Helper()
	var flows []flow.Flow
	keep := pipeline.SinkFunc(func(_ context.Context, batch *flow.Batch) error {
		for fl := range batch.All() {
			flows = append(flows, *fl)
		}
		return nil
	})
	pipelinetest.Run(b, pipeline.From(pipelinetest.Generate(512, 1)).To(keep))
	r := open(b, target)
	r.now = flows[len(flows)-1].TimeEnd
	r.fresh()
	r.add(flows...)
	return r
}

// discard is a connection that takes everything.
type discard struct{ net.Conn }

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkExport measures a batch of 512 flows: what encoding costs, what it
// costs with a UDP socket to the same host, and, as the floor, copying so many
// bytes.
func BenchmarkExport(b *testing.B) {
	perFlow := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512, "ns/flow")
		b.ReportMetric(0, "ns/op")
	}
	sock := listen(b)
	for _, scheme := range []string{"ipfix", "netflow9"} {
		b.Run(scheme+"/encode", func(b *testing.B) {
			r := generated(b, scheme+"://"+sock.addr())
			conn := r.sink.link.conn
			r.sink.link.conn = discard{conn}
			defer func() { r.sink.link.conn = conn }()
			b.ReportAllocs()
			for b.Loop() {
				if err := r.write(); err != nil {
					b.Fatal(err)
				}
			}
			perFlow(b)
		})
		b.Run(scheme+"/udp", func(b *testing.B) {
			r := generated(b, scheme+"://"+sock.addr())
			b.ReportAllocs()
			for b.Loop() {
				if err := r.write(); err != nil {
					b.Fatal(err)
				}
			}
			perFlow(b)
		})
	}
	b.Run("floor/copy", func(b *testing.B) {
		src, dst := make([]byte, 88), make([]byte, 88*512)
		for b.Loop() {
			for i := range 512 {
				copy(dst[88*i:], src)
			}
		}
		perFlow(b)
	})
}
