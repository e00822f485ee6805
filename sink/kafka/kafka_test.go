package kafka

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "github.com/netsampler/goflow2/v2/pb"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newCluster(t testing.TB, partitions int32, topics ...string) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topics...), kfake.AllowAutoTopicCreation())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func newClient(t testing.TB, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return cl
}

// fetch returns so many records of a topic.
func fetch(t testing.TB, c *kfake.Cluster, topic string, count int) (all []*kgo.Record) {
	t.Helper()
	cl := newClient(t, c, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(all) < count && ctx.Err() == nil {
		all = append(all, cl.PollFetches(ctx).Records()...)
	}
	require.Len(t, all, count)
	return all
}

// numbered returns flows that say their number, of some hosts.
func numbered(count, hosts int) pipeline.Source {
	flows := make([]flow.Flow, count)
	for i := range flows {
		flows[i].SetSrcAddr(flow.AddrFrom4([4]byte{192, 0, 2, byte(i % hosts)}))
		flows[i].SetDstAddr(flow.MustParseAddr("2001:db8::1"))
		flows[i].SetProto(flow.ProtoTCP)
		flows[i].SetBytes(uint64(i))
		flows[i].SetCustomerID(uint32(i % 3))
		if i%3 == 2 {
			flows[i].Clear(flow.FieldCustomerID)
		}
	}
	return source.Flows(flows...)
}

func run(t testing.TB, p *pipeline.Plan, opts ...pipeline.Option) (map[string]uint64, error) {
	t.Helper()
	pl, err := p.Build(append(opts, pipeline.WithPoison())...)
	require.NoError(t, err)
	err = pl.Run(t.Context())
	stats := pl.Stats()
	require.NoError(t, stats.Check())
	return stats.Stages[len(stats.Stages)-1].Counters, err
}

// TestRecordsAreGoflow2s has goflow2's own message read what is produced.
func TestRecordsAreGoflow2s(t *testing.T) {
	for name, opts := range map[string][]Option{"delimited": nil, "bare": {Bare()}, "lz4": {Delimited(), Compress("lz4")}, "zstd": {Compress("zstd")}, "gzip": {Compress("gzip")}, "none": {Compress("none")}, "leader": {Acks("leader")}} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 1, "flows")
			counters, err := run(t, pipeline.From(numbered(700, 5)).To(Topic("flows", append(opts, Brokers(c.ListenAddrs()...), Header("origin", "here"))...)))
			require.NoError(t, err)
			require.EqualValues(t, 700, counters["records"])
			size := uint64(0)
			for i, r := range fetch(t, c, "flows", 700) {
				size += uint64(len(r.Value))
				var m pb.FlowMessage
				if name == "bare" {
					require.NoError(t, proto.Unmarshal(r.Value, &m))
				} else {
					require.NoError(t, protodelim.UnmarshalFrom(bytes.NewReader(r.Value), &m))
				}
				require.EqualValues(t, i, m.Bytes, "order")
				require.Equal(t, []byte{192, 0, 2, byte(i % 5)}, m.SrcAddr)
				require.Equal(t, []byte(net.ParseIP("2001:db8::1")), m.DstAddr)
				require.EqualValues(t, 6, m.Proto)
				require.Equal(t, []kgo.RecordHeader{{Key: "origin", Value: []byte("here")}}, r.Headers)
				require.Nil(t, r.Key)
			}
			require.Equal(t, size, counters["bytes"])
		})
	}
}

func TestJSON(t *testing.T) {
	c := newCluster(t, 1, "flows")
	_, err := run(t, pipeline.From(numbered(1, 1)).To(Topic("flows", JSON(), Brokers(c.ListenAddrs()...))))
	require.NoError(t, err)
	require.JSONEq(t, `{"src_addr":"192.0.2.0","dst_addr":"2001:db8::1","proto":6,"bytes":0,"cid":0}`, string(fetch(t, c, "flows", 1)[0].Value))
}

func TestSameKeySamePartition(t *testing.T) {
	c := newCluster(t, 8, "flows")
	_, err := run(t, pipeline.From(numbered(1000, 20)).To(Topic("flows", Key("src_addr", "dst_addr", "src_port"), Brokers(c.ListenAddrs()...))))
	require.NoError(t, err)
	of := map[string]int32{}
	partitions := map[int32]bool{}
	for _, r := range fetch(t, c, "flows", 1000) {
		key := string(r.Key)
		require.Regexp(t, `^192\.0\.2\.\d+,2001:db8::1,$`, key)
		if p, ok := of[key]; ok {
			require.Equal(t, p, r.Partition, key)
		}
		of[key] = r.Partition
		partitions[r.Partition] = true
	}
	require.Len(t, of, 20)
	require.Greater(t, len(partitions), 1)
}

func TestTopicByFields(t *testing.T) {
	c := newCluster(t, 1, "customer-0", "customer-1", "customer-none")
	_, err := run(t, pipeline.From(numbered(300, 1)).To(Topic("customer-{cid}", Brokers(c.ListenAddrs()...))))
	require.NoError(t, err)
	for _, name := range []string{"customer-0", "customer-1", "customer-none"} {
		require.Len(t, fetch(t, c, name, 100), 100)
	}

	// What a topic cannot be called by.
	_, err = run(t, pipeline.From(numbered(3, 1)).To(Topic("{dst_addr}.{proto}", AutoCreate(), Brokers(c.ListenAddrs()...))))
	require.NoError(t, err)
	require.Len(t, fetch(t, c, "2001_db8__1.6", 3), 3)
}

func TestTooManyTopics(t *testing.T) {
	name, err := parseTopic("t-{bytes}")
	require.NoError(t, err)
	require.NoError(t, name.Bind(nil))
	b := flow.NewOwner(flow.OwnerConfig{Size: 1}).Begin(0, time.Time{})
	fl := b.Next()
	for i := range maxTopics {
		fl.SetBytes(uint64(i))
		topic, err := name.of(b, fl)
		require.NoError(t, err)
		require.Equal(t, "t-"+strconv.Itoa(i), topic)
	}
	fl.SetBytes(maxTopics)
	_, err = name.of(b, fl)
	require.ErrorIs(t, err, errManyTopics)
	fl.SetBytes(0)
	topic, err := name.of(b, fl)
	require.NoError(t, err)
	require.Equal(t, "t-0", topic)
}

// TestErrorPolicyIsThePipelines has a topic missing: by default the run ends, and a
// dead letter sink takes the flows of that topic alone.
func TestErrorPolicyIsThePipelines(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "customer-0", "customer-1"))
	require.NoError(t, err)
	defer c.Close()
	out := Topic("customer-{cid}", Brokers(c.ListenAddrs()...))
	_, err = run(t, pipeline.From(numbered(30, 1)).To(out))
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)
	require.ErrorContains(t, err, "topic customer-none")

	dead := pipelinetest.Record()
	_, err = run(t, pipeline.From(numbered(30, 1)).To(pipeline.DeadLetter(out, dead)))
	require.NoError(t, err)
	require.Len(t, dead.Flows(), 10)
	for _, fl := range dead.Flows() {
		require.False(t, fl.Has(flow.FieldCustomerID))
	}
}

// TestRefusedRecordsAreSentAgain has brokers refuse every second request with an
// error that passes.
func TestRefusedRecordsAreSentAgain(t *testing.T) {
	c := newCluster(t, 1, "flows")
	var n atomic.Int32
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if n.Add(1)%2 == 0 {
			return nil, nil, false
		}
		produce := req.(*kmsg.ProduceRequest)
		resp := produce.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range produce.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.NotEnoughReplicas.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	_, err := run(t, pipeline.From(numbered(2000, 1)).To(Topic("flows", Brokers(c.ListenAddrs()...), Linger(0))))
	require.NoError(t, err)
	for i, r := range fetch(t, c, "flows", 2000) {
		var m pb.FlowMessage
		require.NoError(t, protodelim.UnmarshalFrom(bytes.NewReader(r.Value), &m))
		require.EqualValues(t, i, m.Bytes)
	}
	require.Greater(t, n.Load(), int32(1))
}

// TestBrokerAway holds the path up instead of growing, and ends within the drain
// timeout with every flow accounted for.
func TestBrokerAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	passed := sink.Count()
	pl, err := pipeline.From(source.Generator()).To(passed, Topic("flows", Brokers(addr), MaxBuffered(1000))).
		Build(pipeline.WithBatchSize(100), pipeline.WithDrainTimeout(200*time.Millisecond), pipeline.WithPoison())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- pl.Run(ctx) }()
	require.Eventually(t, func() bool { return passed.Flows() >= 1000 }, 10*time.Second, time.Millisecond)
	time.Sleep(50 * time.Millisecond) // give it the chance to do wrong
	require.LessOrEqual(t, passed.Flows(), uint64(1200))
	cancel()
	require.ErrorIs(t, <-ended, pipeline.ErrDrainTimeout)
	stats := pl.Stats()
	require.NoError(t, stats.Check())
	last := stats.Stages[len(stats.Stages)-1]
	require.Zero(t, last.Out)
	require.Equal(t, last.In, last.Dropped)
}

func TestDeliveryTimeout(t *testing.T) {
	c := newCluster(t, 1, "flows")
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() { time.Sleep(100 * time.Millisecond) })
		return nil, context.DeadlineExceeded, true
	})
	counters, err := run(t, pipeline.From(numbered(10, 1)).To(pipeline.DropFailed(Topic("flows", Brokers(c.ListenAddrs()...), DeliveryTimeout(time.Second), Repeatable()))))
	require.NoError(t, err)
	require.Zero(t, counters["records"])
}

func TestClientOfTheCaller(t *testing.T) {
	c := newCluster(t, 1, "flows")
	cl := newClient(t, c)
	for range 2 {
		_, err := run(t, pipeline.From(numbered(100, 1)).To(Topic("flows", Client(cl))))
		require.NoError(t, err)
	}
	require.Len(t, fetch(t, c, "flows", 200), 200)
	require.NoError(t, cl.Ping(t.Context()), "it is still open")
}

func TestLanes(t *testing.T) {
	c := newCluster(t, 4, "flows")
	_, err := run(t, pipeline.From(numbered(3000, 50), numbered(3000, 50)).Repartition(4).To(Topic("flows", Brokers(c.ListenAddrs()...))))
	require.NoError(t, err)
	require.Len(t, fetch(t, c, "flows", 6000), 6000)
}

func TestContract(t *testing.T) {
	c := newCluster(t, 2, "flows")
	pipelinetest.TestSink(t, func() pipeline.Sink { return Topic("flows", Brokers(c.ListenAddrs()...), Linger(0)) })
}

func TestBuildRefuses(t *testing.T) {
	at := Brokers("localhost:9092")
	for _, tt := range []struct {
		sink pipeline.Sink
		want string
	}{
		{Topic("flows"), "no broker is given"},
		{Topic("", at), "has no name"},
		{Topic("a b", at), `" b" is not of a-z`},
		{Topic("a-{", at), "between { and }"},
		{Topic("a-{}", at), "between { and }"},
		{Topic("a-{nothing}", at), `no field "nothing"`},
		{Topic(strings.Repeat("a", 250), at), "longer than 249"},
		{Topic("flows", at, Key("nothing")), `no field "nothing"`},
		{Topic("flows", at, Compress("rar")), `compression "rar"`},
		{Topic("flows", at, Acks("some")), `acknowledgement by "some"`},
		{Topic("flows", at, Linger(-time.Second)), "lingering"},
		{Topic("flows", at, MaxBuffered(0)), "0 buffered records"},
		{Topic("flows", at, MaxBatch(1)), "a batch of 1 bytes"},
		{Topic("flows", at, DeliveryTimeout(1)), "below a second"},
		{Topic("flows", at, Client(new(kgo.Client))), "of its own"},
		{Topic("flows", Client(new(kgo.Client)), Acks("leader")), "as it was told"},
	} {
		_, err := pipeline.From(numbered(1, 1)).To(tt.sink).Build()
		require.ErrorContains(t, err, tt.want)
	}
}
