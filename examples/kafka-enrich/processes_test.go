package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/kafkatest"
	"github.com/flowpipeline/pipeline/sink"
	sinkkafka "github.com/flowpipeline/pipeline/sink/kafka"
	"github.com/flowpipeline/pipeline/source/kafka"
)

// asMain has the test's program be the example.
const asMain = "KAFKA_ENRICH_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// TestThreeProcesses runs the example three times beside a real broker, and kills
// one: each flow must come out.
func TestThreeProcesses(t *testing.T) {
	broker := kafkatest.Start(t)
	broker.CreateTopic("flows", 6)
	broker.CreateTopic("flows-rpki", 6)
	var processes []*exec.Cmd
	for range 3 {
		cmd := exec.Command(os.Args[0], "-brokers", broker.Addr, "flows", "flows-rpki")
		cmd.Env = append(os.Environ(), asMain+"=1")
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		processes = append(processes, cmd)
	}
	const count = 5000
	sent := 0
	numbered := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		time.Sleep(5 * time.Millisecond)
		for ; sent < count; sent++ {
			fl := b.Next()
			if fl == nil {
				return ctx.Err()
			}
			fl.SetBytes(uint64(sent))
		}
		return io.EOF
	})
	produced := make(chan error, 1)
	go func() {
		produced <- pipeline.From(numbered).To(sinkkafka.Topic("flows", sinkkafka.Brokers(broker.Addr))).
			Run(t.Context(), pipeline.WithBatchSize(10))
	}()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	seen := map[uint64]bool{}
	require.NoError(t, pipeline.From(kafka.Topic("flows-rpki", kafka.Brokers(broker.Addr), kafka.Group("test"))).
		To(sink.Each("count", func(fl *flow.Flow) error {
			if seen[fl.Bytes] = true; len(seen) == count/5 {
				_ = processes[0].Process.Kill()
			}
			if len(seen) == count {
				cancel()
			}
			return nil
		})).Run(ctx))
	require.Len(t, seen, count)
	require.NoError(t, <-produced)
	for _, cmd := range processes[1:] {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.NoError(t, cmd.Wait())
	}
}
