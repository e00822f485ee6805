package kafka

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/sink"
)

func TestMain(m *testing.M) {
	if os.Getenv(memberBroker) != "" {
		member() // one of the processes that TestKilledMembersLoseNothing starts
		return
	}
	goleak.VerifyTestMain(m)
}

// cluster is an imitation of brokers.
type cluster struct {
	*kfake.Cluster
	t testing.TB
}

func newCluster(t testing.TB, partitions int32, topics ...string) cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topics...),
		kfake.BrokerConfigs(map[string]string{"group.min.session.timeout.ms": "1000", "group.initial.rebalance.delay.ms": "0"}))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return cluster{c, t}
}

func (c cluster) client(opts ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)}, opts...)...)
	require.NoError(c.t, err)
	c.t.Cleanup(cl.Close)
	return cl
}

func (c cluster) options(opts ...Option) []Option {
	return append([]Option{Brokers(c.ListenAddrs()...), Group("collectors"), CommitEvery(50 * time.Millisecond)}, opts...)
}

// produce writes records of a partition.
func (c cluster) produce(topic string, partition int32, values ...[]byte) {
	c.t.Helper()
	cl := c.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for _, v := range values {
		require.NoError(c.t, cl.ProduceSync(c.t.Context(), &kgo.Record{Topic: topic, Partition: partition, Value: v}).FirstErr())
	}
}

// committed returns the offset that the group has committed, -1 for none.
func (c cluster) committed(topic string, partition int32) int64 {
	c.t.Helper()
	req := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = "collectors"
	gt := kmsg.NewOffsetFetchRequestGroupTopic()
	gt.Topic, gt.Partitions = topic, []int32{partition}
	g.Topics = append(g.Topics, gt)
	req.Groups = append(req.Groups, g)
	req.Group = "collectors"
	rt := kmsg.NewOffsetFetchRequestTopic()
	rt.Topic, rt.Partitions = topic, []int32{partition}
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(context.Background(), c.client())
	require.NoError(c.t, err)
	if len(resp.Groups) > 0 {
		return resp.Groups[0].Topics[0].Partitions[0].Offset
	}
	return resp.Topics[0].Partitions[0].Offset
}

// message is a flow that says its number, as protobuf.
func message(number uint64, delimited bool) []byte {
	b := flow.NewOwner(flow.OwnerConfig{Size: 1}).Begin(0, time.Time{})
	fl := b.Next()
	fl.SetBytes(number)
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	e := codec.NewProtoEncoder()
	e.Begin(b)
	if delimited {
		return e.AppendDelimited(nil, fl)
	}
	return e.AppendFlow(nil, fl)
}

func messages(from, to uint64) (all [][]byte) {
	for n := from; n < to; n++ {
		all = append(all, message(n, true))
	}
	return all
}

// seen counts flows by number.
type seen struct {
	mu    sync.Mutex
	flows map[uint64]int
}

func (s *seen) sink() pipeline.Sink {
	s.flows = map[uint64]int{}
	return sink.Each("seen", func(fl *flow.Flow) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.flows[fl.Bytes]++
		return nil
	})
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.flows)
}

// running is a pipeline at work.
type running struct {
	t    testing.TB
	pl   *pipeline.Pipeline
	end  context.CancelFunc
	done chan error
}

func start(t testing.TB, p *pipeline.Plan, opts ...pipeline.Option) *running {
	t.Helper()
	pl, err := p.Build(append(opts, pipeline.WithPoison())...)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t, pl, cancel, make(chan error, 1)}
	go func() { r.done <- pl.Run(ctx) }()
	t.Cleanup(cancel)
	return r
}

func (r *running) stop() error {
	r.t.Helper()
	r.end()
	return r.wait()
}

func (r *running) wait() error {
	r.t.Helper()
	select {
	case err := <-r.done:
		require.NoError(r.t, r.pl.Stats().Check())
		return err
	case <-time.After(time.Minute):
		r.t.Fatal("the run does not end")
		return nil
	}
}

func (r *running) counter(name string) uint64 { return r.pl.Stats().Stages[0].Counters[name] }

func eventually(t testing.TB, ok func() bool, what string) {
	t.Helper()
	require.Eventually(t, ok, 30*time.Second, 5*time.Millisecond, what)
}

func TestConsumesAndCommits(t *testing.T) {
	c := newCluster(t, 3, "flows")
	for p := range int32(3) {
		c.produce("flows", p, messages(uint64(p)*100, uint64(p)*100+100)...)
	}
	var got seen
	r := start(t, pipeline.From(Topic("flows", c.options()...)).To(got.sink()))
	eventually(t, func() bool { return got.count() == 300 }, "flows")
	require.NoError(t, r.stop())
	for p := range int32(3) {
		require.EqualValues(t, 100, c.committed("flows", p))
	}
	require.EqualValues(t, 300, r.counter("records"))
	require.NotZero(t, r.counter("commits"))

	// The next run goes on behind it.
	c.produce("flows", 1, messages(1000, 1010)...)
	var more seen
	r = start(t, pipeline.From(Topic("flows", c.options()...)).To(more.sink()))
	eventually(t, func() bool { return more.count() == 10 }, "flows")
	require.NoError(t, r.stop())
	require.Len(t, more.flows, 10)
}

// TestCommitsWhatIsDeliveredAlone holds batches as an aggregator does, and releases
// them in another order.
func TestCommitsWhatIsDeliveredAlone(t *testing.T) {
	c := newCluster(t, 1, "flows")
	c.produce("flows", 0, messages(0, 40)...)
	var mu sync.Mutex
	var held []func(error)
	hold := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		if b.Len() > 0 {
			mu.Lock()
			held = append(held, b.Hold())
			mu.Unlock()
		}
		return nil
	})
	var got seen
	r := start(t, pipeline.From(Topic("flows", c.options()...)).Through(hold).To(got.sink()), pipeline.WithBatchSize(10))
	eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(held) == 4 }, "batches")
	require.EqualValues(t, -1, c.committed("flows", 0))
	held[1](nil)
	held[2](nil)
	commits := r.counter("commits")
	held[0](nil)
	eventually(t, func() bool { return c.committed("flows", 0) == 30 }, "30 are committed")
	require.Zero(t, commits)
	held[3](nil)
	require.NoError(t, r.stop())
	require.EqualValues(t, 40, c.committed("flows", 0))
}

// TestSettlesBehindTheSinks has a sink that lets go of its flows when it closes.
func TestSettlesBehindTheSinks(t *testing.T) {
	c := newCluster(t, 1, "flows")
	c.produce("flows", 0, messages(0, 40)...)
	late := &lateSink{}
	r := start(t, pipeline.From(Topic("flows", c.options()...)).To(late))
	eventually(t, func() bool { return late.count() == 40 }, "flows")
	require.EqualValues(t, -1, c.committed("flows", 0))
	require.NoError(t, r.stop())
	require.EqualValues(t, 40, c.committed("flows", 0))
}

type lateSink struct {
	mu    sync.Mutex
	views []*flow.View
	flows int
}

func (s *lateSink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flows
}

func (s *lateSink) Write(_ context.Context, b *flow.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views = append(s.views, b.Retain())
	s.flows += b.Len()
	return nil
}

func (s *lateSink) Close(context.Context) error {
	for _, v := range s.views {
		v.Release(nil)
	}
	return nil
}

func TestFailedFlowsAreNotCommitted(t *testing.T) {
	c := newCluster(t, 1, "flows")
	c.produce("flows", 0, messages(0, 40)...)
	broken := errors.New("disk full")
	r := start(t, pipeline.From(Topic("flows", c.options()...)).To(sink.Each("disk", func(fl *flow.Flow) error {
		if fl.Bytes == 25 {
			return broken
		}
		return nil
	})), pipeline.WithBatchSize(10))
	require.ErrorIs(t, r.wait(), broken)
	require.EqualValues(t, 20, c.committed("flows", 0))
}

func TestRevokedPartitionsAreDrained(t *testing.T) {
	c := newCluster(t, 4, "flows")
	for p := range int32(4) {
		c.produce("flows", p, messages(uint64(p)*1000, uint64(p)*1000+1000)...)
	}
	// The first member's flows leave late: behind a queue, whose sink waits.
	gate := make(chan struct{})
	var first, second seen
	through := first.sink()
	through, err := pipeline.MakeSink(through)
	require.NoError(t, err)
	waits := pipeline.SinkFunc(func(ctx context.Context, b *flow.Batch) error {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
		return through.Write(ctx, b)
	})
	one := start(t, pipeline.From(Topic("flows", c.options()...)).To(pipeline.Buffered(waits, 4, pipeline.Block)), pipeline.WithBatchSize(100))
	eventually(t, func() bool { return one.counter("records") > 0 }, "records")
	two := start(t, pipeline.From(Topic("flows", c.options()...)).To(second.sink()), pipeline.WithBatchSize(100))
	eventually(t, func() bool { return one.counter("partitions_revoked") > 0 }, "a rebalance")
	close(gate)
	eventually(t, func() bool { return first.count()+second.count() >= 4000 }, "all flows")
	require.NoError(t, one.stop())
	require.NoError(t, two.stop())
	require.Zero(t, one.counter("revoke_timeouts"))
	for n := range uint64(4000) {
		require.Equal(t, 1, first.flows[n]+second.flows[n], "flow %d", n)
	}
	for p := range int32(4) {
		require.EqualValues(t, 1000, c.committed("flows", p))
	}
}

func TestRevokeTimeout(t *testing.T) {
	c := newCluster(t, 2, "flows")
	c.produce("flows", 0, messages(0, 10)...)
	c.produce("flows", 1, messages(10, 20)...)
	var mu sync.Mutex
	var held []func(error)
	stuck := true
	hold := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if stuck {
			held = append(held, b.Hold())
		}
		return nil
	})
	var first, second seen
	one := start(t, pipeline.From(Topic("flows", c.options(RevokeTimeout(100*time.Millisecond))...)).Through(hold).To(first.sink()))
	eventually(t, func() bool { return first.count() == 20 }, "flows")
	two := start(t, pipeline.From(Topic("flows", c.options()...)).To(second.sink()))
	eventually(t, func() bool { return second.count() == 10 }, "the other member reads them again")
	require.EqualValues(t, 1, one.counter("revoke_timeouts"))
	mu.Lock()
	stuck = false
	for _, release := range held {
		release(nil)
	}
	mu.Unlock()
	require.NoError(t, one.stop())
	require.NoError(t, two.stop())
}

func TestBadRecords(t *testing.T) {
	bad := []byte("\x05\x00\x00\x00\x00\x00")
	records := [][]byte{message(1, true), bad, message(2, true), {}, message(3, true)}

	t.Run("refused", func(t *testing.T) {
		c := newCluster(t, 1, "flows")
		c.produce("flows", 0, records...)
		var got seen
		r := start(t, pipeline.From(Topic("flows", c.options(Delimited())...)).To(got.sink()))
		err := r.wait()
		require.ErrorIs(t, err, codec.ErrSyntax)
		require.ErrorContains(t, err, "topic flows, partition 0, offset 1: byte 0")
		require.Len(t, got.flows, 1)
		require.EqualValues(t, 1, c.committed("flows", 0), "it is read again")
	})
	t.Run("skipped", func(t *testing.T) {
		c := newCluster(t, 1, "flows")
		c.produce("flows", 0, records...)
		var got seen
		r := start(t, pipeline.From(Topic("flows", c.options(SkipBad())...)).To(got.sink()))
		eventually(t, func() bool { return got.count() == 3 && c.committed("flows", 0) == 5 }, "flows")
		require.NoError(t, r.stop())
		require.EqualValues(t, 2, r.counter("bad"))
	})
	t.Run("dead letters", func(t *testing.T) {
		c := newCluster(t, 1, "flows", "dead")
		c.produce("flows", 0, records...)
		var got seen
		r := start(t, pipeline.From(Topic("flows", c.options(DeadLetter("dead"))...)).To(got.sink()))
		eventually(t, func() bool { return got.count() == 3 && c.committed("flows", 0) == 5 }, "flows")
		require.NoError(t, r.stop())
		require.EqualValues(t, 2, r.counter("dead_letters"))
		fetched := c.client(kgo.ConsumeTopics("dead")).PollRecords(t.Context(), 2).Records()
		require.Equal(t, bad, fetched[0].Value)
		headers := map[string]string{}
		for _, h := range fetched[0].Headers {
			headers[h.Key] = string(h.Value)
		}
		require.Equal(t, "flows", headers["pipeline.topic"])
		require.Equal(t, "0", headers["pipeline.partition"])
		require.Equal(t, "1", headers["pipeline.offset"])
		require.Contains(t, headers["pipeline.error"], "syntax error")
	})
	t.Run("dead letters that fail", func(t *testing.T) {
		c := newCluster(t, 1, "flows")
		c.produce("flows", 0, records...)
		var got seen
		r := start(t, pipeline.From(Topic("flows", c.options(DeadLetter("missing"))...)).To(got.sink()))
		require.ErrorContains(t, r.wait(), "UNKNOWN_TOPIC")
		require.LessOrEqual(t, c.committed("flows", 0), int64(1))
	})
}

func TestFormats(t *testing.T) {
	object := []byte(`{"src_addr":"192.0.2.1","bytes":7}`)
	lines := []byte("{\"bytes\":8}\n\n{\"bytes\":9}\n")
	two := append(message(2, true), message(3, true)...)
	for _, tt := range []struct {
		name    string
		opts    []Option
		records [][]byte
		want    []uint64
	}{
		{"delimited", []Option{Delimited()}, [][]byte{message(1, true), two}, []uint64{1, 2, 3}},
		{"bare", []Option{Bare()}, [][]byte{message(1, false)}, []uint64{1}},
		{"JSON", []Option{JSON()}, [][]byte{object, lines}, []uint64{7, 8, 9}},
		{"found out", nil, [][]byte{message(1, true), two, message(4, false), message(5, false), object, lines, message(6, true)}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1, 512} {
				c := newCluster(t, 1, "flows")
				c.produce("flows", 0, tt.records...)
				var got seen
				r := start(t, pipeline.From(Topic("flows", c.options(tt.opts...)...)).To(got.sink()), pipeline.WithBatchSize(size))
				eventually(t, func() bool { return got.count() == len(tt.want) }, "flows")
				require.NoError(t, r.stop())
				for _, n := range tt.want {
					require.Equal(t, 1, got.flows[n], "flow %d", n)
				}
				require.EqualValues(t, len(tt.records), c.committed("flows", 0))
			}
		})
	}
}

func TestPatternsAndStarts(t *testing.T) {
	c := newCluster(t, 1, "flows-a", "flows-b", "other")
	c.produce("flows-a", 0, messages(0, 5)...)
	c.produce("flows-b", 0, messages(5, 10)...)
	c.produce("other", 0, messages(10, 15)...)
	var got seen
	r := start(t, pipeline.From(Pattern("^flows-", c.options()...)).To(got.sink()))
	eventually(t, func() bool { return got.count() == 10 }, "flows")
	require.NoError(t, r.stop())
	require.Len(t, got.flows, 10)

	var newest seen
	r = start(t, pipeline.From(Topics([]string{"other"}, c.options(Group("newest"), Newest())...)).To(newest.sink()))
	n := uint64(100)
	eventually(t, func() bool { c.produce("other", 0, message(n, true)); n++; return newest.count() > 0 }, "flows")
	require.NoError(t, r.stop())
	for n := range newest.flows {
		require.GreaterOrEqual(t, n, uint64(100))
	}
}

func TestSince(t *testing.T) {
	c := newCluster(t, 1, "flows")
	cl := c.client()
	begin := time.UnixMilli(1_700_000_000_000)
	for i := range 10 {
		rec := &kgo.Record{Topic: "flows", Value: message(uint64(i), true), Timestamp: begin.Add(time.Duration(i) * time.Second)}
		require.NoError(t, cl.ProduceSync(t.Context(), rec).FirstErr())
	}
	var got seen
	r := start(t, pipeline.From(Topic("flows", c.options(Since(begin.Add(7*time.Second)))...)).To(got.sink()))
	eventually(t, func() bool { return got.count() == 3 }, "flows")
	require.NoError(t, r.stop())
	require.Equal(t, map[uint64]int{7: 1, 8: 1, 9: 1}, got.flows)
}

// TestBrokersComeLate starts when no broker is there, and ends when it is gone.
func TestBrokersComeLate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().(*net.TCPAddr)
	require.NoError(t, l.Close())
	var got seen
	r := start(t, pipeline.From(Topic("flows", Brokers(addr.String()), Group("g"), CommitEvery(10*time.Millisecond))).To(got.sink()),
		pipeline.WithDrainTimeout(500*time.Millisecond))
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(addr.Port), kfake.SeedTopics(1, "flows"))
	require.NoError(t, err)
	c := cluster{fake, t}
	c.produce("flows", 0, messages(0, 5)...)
	eventually(t, func() bool { return got.count() == 5 && r.counter("commits") > 0 }, "flows")
	fake.Close()
	err = r.stop() // offsets are committed, so nothing is lost; leaving the group may fail
	if err != nil {
		require.ErrorContains(t, err, "leave the group")
	}
}

func TestBuildRefuses(t *testing.T) {
	for _, tt := range []struct {
		src  pipeline.Source
		want string
	}{
		{Topic("flows", Group("g")), "no broker is given"},
		{Topic("flows", Brokers("localhost:9092")), "no group"},
		{Topic("flows", Brokers("localhost"), Group("g")), `"localhost" is not host:port`},
		{Topics(nil, Brokers("localhost:9092"), Group("g")), "no topic"},
		{Topic("", Brokers("localhost:9092"), Group("g")), "without a name"},
		{Pattern("(", Brokers("localhost:9092"), Group("g")), "missing closing )"},
		{Topic("flows", Brokers("localhost:9092"), Group("g"), RevokeTimeout(time.Hour)), "revoke timeout"},
		{Topic("flows", Brokers("localhost:9092"), Group("g"), MaxFetch(1)), "fetches of 1 bytes"},
		{Topic("flows", Brokers("localhost:9092"), Group("g"), SessionTimeout(1)), "session timeout"},
		{Topic("flows", Brokers("localhost:9092"), Group("g"), CommitEvery(0)), "committing every"},
		{Topic("flows", Brokers("localhost:9092"), Group("g"), Plain("", "x")), "login needs a user"},
		{Topic("flows", Brokers("localhost:9092"), Group("g"), DeadLetter("")), "dead letters without a name"},
	} {
		_, err := pipeline.From(tt.src).To(sink.Discard()).Build()
		require.ErrorContains(t, err, tt.want)
	}
}
