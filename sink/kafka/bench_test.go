package kafka

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/kafkatest"
)

// BenchmarkProduce sends 200 batches of 512 flows to a broker, in turns: records
// that are made already, by the client alone, and flows, through the sink.
func BenchmarkProduce(b *testing.B) {
	const batches, rounds = 200, 5
	broker := kafkatest.Start(b)
	broker.CreateTopic("flows", 4)
	owner := flow.NewOwner(flow.OwnerConfig{})
	begin := func() *flow.Batch {
		batch := owner.Begin(0, time.Time{})
		for i := 0; !batch.Full(); i++ {
			fill(batch.Next(), i)
		}
		return batch
	}
	batch := begin()
	encoder := codec.NewProtoEncoder()
	encoder.Begin(batch)
	var values [][]byte
	for fl := range batch.All() {
		values = append(values, encoder.AppendDelimited(nil, fl))
	}
	owner.Finish(nil)
	count := batches * len(values)

	c, err := newConfig("flows", []Option{Brokers(broker.Addr)})
	require.NoError(b, err)
	cl := broker.Client(c.producing()...)
	defer cl.Close()
	client := func() {
		for range batches {
			for _, v := range values {
				cl.Produce(b.Context(), &kgo.Record{Topic: "flows", Value: v}, func(_ *kgo.Record, err error) {
					if err != nil {
						b.Error(err)
					}
				})
			}
		}
		require.NoError(b, cl.Flush(b.Context()))
	}
	s, err := pipeline.MakeSink(Topic("flows", Brokers(broker.Addr)))
	require.NoError(b, err)
	p := s.(*producer)
	require.NoError(b, p.Bind(nil))
	require.NoError(b, p.Open(b.Context(), pipeline.Env{Logger: slog.New(slog.DiscardHandler)}))
	through := func() {
		for range batches {
			require.NoError(b, p.Write(b.Context(), begin()))
			owner.Finish(nil)
		}
		require.NoError(b, p.client.Flush(b.Context()))
	}
	client() // the connections are there
	through()
	var alone, sink []time.Duration
	for range rounds {
		start := time.Now()
		client()
		middle := time.Now()
		through()
		alone, sink = append(alone, middle.Sub(start)), append(sink, time.Since(middle))
	}
	require.NoError(b, p.Close(context.Background()))
	slices.Sort(alone)
	slices.Sort(sink)
	b.ReportMetric(float64(alone[len(alone)/2])/float64(count), "client-ns/flow")
	b.ReportMetric(float64(sink[len(sink)/2])/float64(count), "sink-ns/flow")
}

// fill makes a flow as routers export it.
func fill(fl *flow.Flow, i int) {
	fl.SetType(flow.TypeIPFIX)
	fl.SetTimeReceived(1_700_000_000_123_456_789)
	fl.SetTimeStart(1_700_000_000_000_000_000)
	fl.SetTimeEnd(1_700_000_000_100_000_000)
	fl.SetSrcAddr(flow.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	fl.SetDstAddr(flow.AddrFrom4([4]byte{198, 51, 100, byte(i >> 1)}))
	fl.SetEtherType(flow.EtherTypeIPv4)
	fl.SetProto(flow.ProtoTCP)
	fl.SetSrcPort(uint16(40000 + i))
	fl.SetDstPort(443)
	fl.SetTCPFlags(0x1b)
	fl.SetBytes(uint64(1000 + i*37))
	fl.SetPackets(uint64(10 + i))
	fl.SetInIf(uint32(100 + i%8))
	fl.SetOutIf(7)
	fl.SetSrcAS(64500)
	fl.SetDstAS(64501)
	fl.SetSamplingRate(1000)
}
