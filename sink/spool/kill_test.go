package spool_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink/spool"
)

// What a child is told.
const (
	childDir    = "SPOOL_TEST_DIR"
	childTarget = "SPOOL_TEST_TARGET"
	childLast   = "SPOOL_TEST_LAST"
)

// child runs a pipeline whose source goes on behind the last flow that was
// acknowledged to it, until it is killed; in the last round it ends by itself.
func child() {
	dir := os.Getenv(childDir)
	acks, err := os.OpenFile(filepath.Join(dir, "acknowledged"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	defer acks.Close()
	src := &replayed{acks: acks, next: acknowledged(acks.Name()), last: os.Getenv(childLast) != ""}
	sink := spool.To(&client{address: os.Getenv(childTarget)}, filepath.Join(dir, "spool"), quick,
		spool.MaxBytes(64<<20), spool.SegmentBytes(64<<10), spool.Sync(10*time.Millisecond))
	if err := pipeline.From(src).To(sink).Run(context.Background()); err != nil {
		panic(err)
	}
}

// acknowledged returns the number behind the last one that a source was told is
// delivered.
func acknowledged(path string) uint64 {
	p, err := os.ReadFile(path)
	if err != nil || len(p) < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(p[len(p)/8*8-8:])
}

// replayed is a source that can give flows again that were not acknowledged.
type replayed struct {
	acks *os.File
	next uint64
	last bool
}

func (s *replayed) Read(_ context.Context, b *flow.Batch) error {
	if s.last {
		return io.EOF
	}
	for range 100 {
		b.Next().SetBytes(s.next)
		s.next++
	}
	behind := s.next
	b.OnDone(func(err error) {
		if err == nil {
			_, _ = s.acks.Write(binary.LittleEndian.AppendUint64(nil, behind))
		}
	})
	time.Sleep(500 * time.Microsecond)
	return nil
}

// client is a sink that sends numbers to a server and waits for its answer.
type client struct {
	address string
	conn    net.Conn
}

func (c *client) Write(_ context.Context, b *flow.Batch) (err error) {
	if c.conn == nil {
		if c.conn, err = net.Dial("tcp", c.address); err != nil {
			return err
		}
	}
	p := binary.LittleEndian.AppendUint64(nil, uint64(b.Len()))
	for fl := range b.All() {
		p = binary.LittleEndian.AppendUint64(p, fl.Bytes)
	}
	if _, err = c.conn.Write(p); err == nil {
		_, err = io.ReadFull(c.conn, p[:1])
	}
	if err != nil {
		err = errors.Join(err, c.Close(context.Background()))
	}
	return err
}

func (c *client) Close(context.Context) error {
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn = nil
	return err
}

// server is the target in the parent. When it is down it ends connections, sometimes
// after it took what came.
type server struct {
	listener net.Listener
	work     sync.WaitGroup

	mu   sync.Mutex
	down bool
	got  []uint64
}

func serve(t *testing.T) *server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{listener: l}
	s.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.work.Go(func() {
				defer func() { _ = conn.Close() }()
				s.talk(conn)
			})
		}
	})
	return s
}

func (s *server) talk(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		var n uint64
		if binary.Read(r, binary.LittleEndian, &n) != nil {
			return
		}
		numbers := make([]uint64, n)
		if binary.Read(r, binary.LittleEndian, numbers) != nil || !s.take(numbers) {
			return
		}
		if _, err := conn.Write([]byte{1}); err != nil {
			return
		}
	}
}

func (s *server) take(numbers []uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down && rand.IntN(10) > 0 {
		return false
	}
	s.got = append(s.got, numbers...)
	return !s.down
}

func (s *server) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// TestKill kills a process at any moment, while its target is up, down, or both in
// turns. What its source was told is delivered arrives, in order.
func TestKill(t *testing.T) {
	s := serve(t)
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	start := func(env ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), append(env, childDir+"="+dir, childTarget+"="+s.listener.Addr().String())...)
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Start())
		return cmd
	}
	path := filepath.Join(dir, "acknowledged")
	for round := range 24 {
		s.set(round%3 == 1)
		before := acknowledged(path)
		cmd := start()
		require.Eventually(t, func() bool { return acknowledged(path) > before }, time.Minute, time.Millisecond)
		for range rand.IntN(20) {
			time.Sleep(rand.N(3 * time.Millisecond))
			if round%3 == 2 {
				s.set(rand.IntN(2) == 0)
			}
		}
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
	}
	s.set(false)
	require.NoError(t, start(childLast+"=yes").Wait())
	require.NoError(t, s.listener.Close())
	s.work.Wait()

	want := acknowledged(path)
	require.Greater(t, want, uint64(2400))
	once := firsts(s.got)
	require.GreaterOrEqual(t, len(once), int(want))
	for i, n := range once {
		require.EqualValues(t, i, n, "a flow is missing or out of order")
	}
	t.Logf("%d flows acknowledged, %d delivered twice", want, len(s.got)-len(once))
}

// TestTwoProcesses has the second one fail, and the directory be free again once the
// first is killed.
func TestTwoProcesses(t *testing.T) {
	s := serve(t)
	defer func() {
		require.NoError(t, s.listener.Close())
		s.work.Wait()
	}()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+dir, childTarget+"="+s.listener.Addr().String())
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return acknowledged(filepath.Join(dir, "acknowledged")) > 0 }, time.Minute, time.Millisecond)
	run := func() error {
		return pipeline.From(&numbered{to: 10, n: 10}).To(spool.To(&target{}, filepath.Join(dir, "spool"))).Run(t.Context())
	}
	err = run()
	require.ErrorContains(t, err, "in use by another process")
	require.ErrorContains(t, err, dir)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.NoError(t, run())
}
