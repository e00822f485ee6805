// Package kafkatest runs Apache Kafka for tests: one node that is broker and
// controller (KRaft), on a loopback address, with its data in the test's directory.
package kafkatest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flowpipeline/pipeline/internal/program"
)

// Broker is a broker that runs until the test ends.
type Broker struct {
	Addr string // host:port

	t          testing.TB
	java, jars string
	config     string
	log        output
	cmd        *exec.Cmd
}

// output keeps what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

const properties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=%[3]s
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
`

// Start starts a broker, and waits until it answers. The test is skipped where Java
// or, if the classes are not there yet, Maven is missing.
func Start(t testing.TB) *Broker {
	t.Helper()
	b := &Broker{t: t, java: program.Path(t, "java"), jars: jars(t)}
	dir := t.TempDir()
	b.Addr = free(t)
	b.config = filepath.Join(dir, "server.properties")
	text := fmt.Sprintf(properties, b.Addr, free(t), filepath.Join(dir, "data"))
	require.NoError(t, os.WriteFile(b.config, []byte(text), 0o600))
	out, err := b.run("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", b.config).CombinedOutput()
	require.NoError(t, err, string(out))
	b.Restart()
	t.Cleanup(b.Kill)
	return b
}

// free returns a loopback address nobody listens at.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (b *Broker) run(class string, args ...string) *exec.Cmd {
	args = append([]string{"-Xmx400m", "-cp", filepath.Join(b.jars, "*"), class}, args...)
	return exec.Command(b.java, args...)
}

// Kill ends the broker at once, if it runs (SIGKILL).
func (b *Broker) Kill() {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait() // it was killed
	b.cmd = nil
}

// Restart starts the broker with the data it had, and waits until it answers.
func (b *Broker) Restart() {
	b.t.Helper()
	b.Kill()
	b.cmd = b.run("kafka.Kafka", b.config)
	b.cmd.Stdout, b.cmd.Stderr = &b.log, &b.log
	require.NoError(b.t, b.cmd.Start())
	cl := b.Client()
	defer cl.Close()
	require.Eventually(b.t, func() bool { return cl.Ping(b.t.Context()) == nil }, 2*time.Minute, 100*time.Millisecond, b.log.String())
}

// Client returns a client of the broker, which the caller closes.
func (b *Broker) Client(opts ...kgo.Opt) *kgo.Client {
	b.t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(b.Addr)}, opts...)...)
	require.NoError(b.t, err)
	return cl
}

// CreateTopic creates a topic.
func (b *Broker) CreateTopic(name string, partitions int) {
	b.t.Helper()
	cl := b.Client()
	defer cl.Close()
	req := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), 1
	req.Topics = append(req.Topics, topic)
	req.TimeoutMillis = 60_000
	resp, err := req.RequestWith(b.t.Context(), cl)
	require.NoError(b.t, err)
	require.Zero(b.t, resp.Topics[0].ErrorCode, "error code of the broker")
}
