package kafka

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/kafkatest"
	"github.com/flowpipeline/pipeline/sink"
	kafkasink "github.com/flowpipeline/pipeline/sink/kafka"
)

// What a member of the group is told by its environment.
const (
	memberBroker = "KAFKA_TEST_BROKER"
	memberFile   = "KAFKA_TEST_FILE"
	// flowCount changes how many flows the test sends.
	flowCount = "KAFKA_TEST_FLOWS"
)

// member consumes into a file until it is interrupted.
func member() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := pipeline.From(Topic("flows", Brokers(os.Getenv(memberBroker)), Group("collectors"), SessionTimeout(2*time.Second), CommitEvery(100*time.Millisecond))).
		To(pipeline.Buffered(sink.JSONFile(os.Getenv(memberFile)), 4, pipeline.Block)).
		Run(ctx)
	if err != nil {
		panic(err)
	}
}

// group is processes that consume.
type group struct {
	t      testing.TB
	broker string
	dir    string
	files  []string
	next   int
}

func (g *group) start() *exec.Cmd {
	g.t.Helper()
	file := filepath.Join(g.dir, fmt.Sprintf("flows-%d.json", g.next))
	g.next++
	g.files = append(g.files, file)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), memberBroker+"="+g.broker, memberFile+"="+file)
	cmd.Stderr = os.Stderr
	require.NoError(g.t, cmd.Start())
	g.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// size is how much the processes have written.
func (g *group) size() (n int64) {
	for _, f := range g.files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}

// numbers counts how often each flow is in the files. A line that a killed process
// did not write to its end does not count.
func (g *group) numbers(count int) (times []int) {
	g.t.Helper()
	times = make([]int, count)
	for _, name := range g.files {
		f, err := os.Open(name)
		if err != nil {
			continue // killed before it was there
		}
		lines := bufio.NewReader(f)
		for {
			line, err := lines.ReadBytes('\n')
			if err == io.EOF {
				break
			}
			require.NoError(g.t, err)
			var fl struct{ Bytes int }
			require.NoError(g.t, json.Unmarshal(line, &fl))
			times[fl.Bytes]++
		}
		require.NoError(g.t, f.Close())
	}
	return times
}

func missing(times []int) (n int) {
	for _, k := range times {
		if k == 0 {
			n++
		}
	}
	return n
}

// TestKilledMembersLoseNothing sends numbered flows through a broker to two
// processes that write files. One of them is killed three times, and the broker
// once, while flows are on their way.
func TestKilledMembersLoseNothing(t *testing.T) {
	count := 100_000
	if s := os.Getenv(flowCount); s != "" {
		var err error
		count, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	broker := kafkatest.Start(t)
	broker.CreateTopic("flows", 8)
	g := &group{t: t, broker: broker.Addr, dir: t.TempDir()}
	steady, killed := g.start(), g.start()

	// The flows come in five parts.
	parts := make(chan int, 5)
	sent, end := 0, 0
	numbers := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		if sent == end {
			select {
			case n, ok := <-parts:
				if !ok {
					return io.EOF
				}
				end += n
			case <-time.After(time.Until(b.Deadline())):
				return nil
			}
		}
		for ; sent < end && !b.Full(); sent++ {
			fl := b.Next()
			fl.SetBytes(uint64(sent))
			fl.SetSrcAddr(flow.AddrFrom4([4]byte{192, 0, 2, byte(sent)}))
		}
		return nil
	})
	delivered := sink.Count()
	out := pipeline.NamedSink("producer", kafkasink.Topic("flows", kafkasink.Brokers(broker.Addr)))
	producer := make(chan error, 1)
	go func() { producer <- pipeline.From(numbers).To(out, delivered).Run(t.Context()) }()

	var kills atomic.Int32
	for part := range 5 {
		before := g.size()
		parts <- count / 5
		require.Eventually(t, func() bool { return g.size() > before }, time.Minute, time.Millisecond, "nobody consumes")
		switch part {
		case 0, 1, 3:
			require.NoError(t, killed.Process.Kill())
			_ = killed.Wait() // it was killed
			kills.Add(1)
			killed = g.start()
		case 2:
			broker.Restart()
		}
	}
	close(parts)
	require.NoError(t, <-producer)
	total := count / 5 * 5
	require.EqualValues(t, total, delivered.Flows())
	require.Eventually(t, func() bool { return missing(g.numbers(total)) == 0 }, 2*time.Minute, time.Second, "flows are lost")
	for _, cmd := range []*exec.Cmd{steady, killed} {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.NoError(t, cmd.Wait())
	}
	again := 0
	for _, n := range g.numbers(total) {
		again += n - 1
	}
	t.Logf("%d flows, each there; %d of them twice or more (%.2f %%) after %d kills and a restart of the broker",
		total, again, 100*float64(again)/float64(total), kills.Load())
}
