package ebpf_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
	"github.com/flowpipeline/pipeline/sink"
)

func TestMain(m *testing.M) {
	if mode := childMode(); mode != nil {
		mode()
		return
	}
	goleak.VerifyTestMain(m)
}

// record is a flow with the columns that tests look at.
type record struct {
	flow.Flow
	stackPackets, stackBytes uint64
	in, out                  string // names of the interface
	inner                    flow.Addr
	tunnel                   uint8
	labels                   []uint32
	innerVLAN                uint16
}

// capture is a source that runs.
type capture struct {
	t      *testing.T
	pl     *pipeline.Pipeline
	cancel context.CancelFunc
	done   chan error

	mu    sync.Mutex
	flows []record
}

// methods calls fn with each method that works here.
func methods(t *testing.T, fn func(t *testing.T, m ebpf.Option)) {
	for _, m := range []ebpf.Method{ebpf.TCX, ebpf.Clsact, ebpf.AFPacket} {
		t.Run(m.String(), func(t *testing.T) { fn(t, ebpf.Attach(m)) })
	}
}

// start runs a source until the end of the test, or until it is stopped, and
// returns when it is attached.
func start(t *testing.T, src pipeline.Source, expr string, opts ...pipeline.Option) *capture {
	t.Helper()
	return startTo(t, src, expr, nil, opts...)
}

// startTo is start with another sink.
func startTo(t *testing.T, src pipeline.Source, expr string, write func(*flow.Batch) error, opts ...pipeline.Option) *capture {
	t.Helper()
	c := &capture{t: t, done: make(chan error, 1)}
	if write == nil {
		write = c.look
	}
	opened := make(chan struct{})
	opts = append([]pipeline.Option{pipeline.WithPoison(), pipeline.WithLatency(10 * time.Millisecond), pipeline.WithObserver(pipeline.Observer{
		Opened: func(stage string) {
			if strings.HasPrefix(stage, "ebpf") {
				close(opened)
			}
		},
	})}, opts...)
	plan := pipeline.From(src).Filter(filter.Expr(expr)).To(sink.Func("look", write))
	pl, err := plan.Build(opts...)
	require.NoError(t, err)
	c.pl = pl
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	go func() { c.done <- pl.Run(ctx) }()
	t.Cleanup(func() { c.cancel() })
	select {
	case <-opened:
	case err := <-c.done:
		if missing(err) {
			t.Skipf("not allowed: %v", err)
		}
		require.NoError(t, err)
	}
	return c
}

// missing reports whether an error says that the test lacks a right or a feature.
func missing(err error) bool {
	var errno interface{ Is(error) bool }
	return errors.Is(err, errors.ErrUnsupported) || errors.As(err, &errno) && strings.Contains(err.Error(), "operation not permitted")
}

func (c *capture) look(b *flow.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for fl := range b.All() {
		r := record{Flow: *fl}
		r.stackPackets, _ = b.StackPackets(fl)
		r.stackBytes, _ = b.StackBytes(fl)
		r.in, r.out = b.Symbols().String(fl.InIfName), b.Symbols().String(fl.OutIfName)
		r.inner, _ = b.InnerSrcAddr(fl)
		r.tunnel, _ = b.TunnelType(fl)
		r.innerVLAN, _ = b.InnerVLAN(fl)
		labels, _ := b.MPLSLabels(fl)
		r.labels = append(r.labels, labels...)
		c.flows = append(c.flows, r)
	}
	return nil
}

// stop ends the run and returns the flows.
func (c *capture) stop() []record {
	c.t.Helper()
	c.cancel()
	select {
	case err := <-c.done:
		require.NoError(c.t, err)
	case <-time.After(time.Minute):
		c.t.Fatal("the run does not end")
	}
	require.NoError(c.t, c.pl.Stats().Check())
	return c.flows
}

// seen returns how many flows came so far that fn accepts.
func (c *capture) seen(fn func(*record) bool) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.flows {
		if fn(&c.flows[i]) {
			n++
		}
	}
	return n
}

func (c *capture) counters() map[string]uint64 { return c.pl.Stats().Stages[0].Counters }

// sum adds up the counters whose names begin like one of these and end so.
func (c *capture) sum(ending string, beginnings ...string) (n uint64) {
	for name, v := range c.counters() {
		for _, b := range beginnings {
			if strings.HasPrefix(name, b) && strings.HasSuffix(name, ending) && !strings.HasPrefix(name, "lost_wire") {
				n += v
			}
		}
	}
	return n
}

// balance ends the run, compares the counters with those of the interface, and
// returns the flows. Nothing must have passed the interface before the run.
func (c *capture) balance(n *netnstest.Namespace, dev string) []record {
	c.t.Helper()
	// Nothing passes between the end of the run and the look at the counters.
	n.Run(c.t, "ip", "link", "set", dev, "down")
	flows := c.stop()
	want := n.Traffic(c.t, dev)
	all := []string{"counted", "refused_", "filtered", "unsampled", "lost"}
	require.Equal(c.t, want.RxPackets+want.TxPackets, c.sum("_packets", all...), "%v", c.positive())
	if (c.counters()["lost_packets"] > 0) == (c.counters()["lost_bytes"] > 0) { // AF_PACKET does not tell the bytes
		require.Equal(c.t, want.RxBytes+want.TxBytes, c.sum("_bytes", all...), "%v", c.positive())
	}
	require.Zero(c.t, c.counters()["abandoned_packets"])
	return flows
}

// finish is balance, and compares the flows with the counters too. No filter must
// stand between.
func (c *capture) finish(n *netnstest.Namespace, dev string) []record {
	c.t.Helper()
	flows := c.balance(n, dev)
	var packets, bytes uint64
	for _, r := range flows {
		packets += r.stackPackets
		bytes += r.stackBytes
	}
	require.Equal(c.t, [2]uint64{c.counters()["counted_packets"], c.counters()["counted_bytes"]}, [2]uint64{packets, bytes})
	return flows
}

// positive returns the counters that are not 0.
func (c *capture) positive() map[string]uint64 {
	m := maps.Clone(c.counters())
	maps.DeleteFunc(m, func(_ string, n uint64) bool { return n == 0 })
	return m
}

// logged is a log that tests look into.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) option() pipeline.Option {
	return pipeline.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}
