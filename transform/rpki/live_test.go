package rpki_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

// service is a pipeline that runs while a test sends it flows.
type service struct {
	t     *testing.T
	pl    *pipeline.Pipeline
	flows chan flow.Flow
	out   chan string
}

// start runs a pipeline of a stage until the test ends.
func start(t *testing.T, opts ...rpki.Option) *service {
	t.Helper()
	s := &service{t: t, flows: make(chan flow.Flow), out: make(chan string)}
	look := sink.Func("look", func(b *flow.Batch) error {
		for fl := range b.All() {
			s.out <- dstState(b, fl)
		}
		return nil
	})
	pl, err := pipeline.From(source.Channel(s.flows)).Through(rpki.Validate(opts...)).To(look).Build()
	require.NoError(t, err)
	s.pl = pl
	var run sync.WaitGroup
	run.Go(func() { err = pl.Run(context.Background()) })
	t.Cleanup(func() {
		close(s.flows)
		run.Wait()
		require.NoError(t, err)
	})
	return s
}

// ask returns the state of the destination of a flow that goes through now.
func (s *service) ask(dst string) string {
	s.t.Helper()
	s.flows <- between(s.t, dst, dst)
	return <-s.out
}

// becomes waits until flows to dst have a state.
func (s *service) becomes(dst, want string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.ask(dst) == want }, time.Minute, 5*time.Millisecond, "%v never is %v", dst, want)
}

func (s *service) counter(name string) uint64 { return s.pl.Stats().Stages[1].Counters[name] }

// replace writes a file in one step.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", content, 0o644))
	require.NoError(t, os.Rename(path+".new", path))
}

const (
	webNet     = "192.0.2.7/24 AS64496"
	exceptions = `{"slurmVersion":1,"validationOutputFilters":{"prefixFilters":[{"prefix":"192.0.2.0/24"}],"bgpsecFilters":[]},"locallyAddedAssertions":{"prefixAssertions":[],"bgpsecAssertions":[]}}`
)

func TestFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	path, slurm := filepath.Join(dir, "vrps.json.gz"), filepath.Join(dir, "slurm.json")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(export("192.0.2.0/24-24 AS64496"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	replace(t, path, packed.Bytes())
	replace(t, slurm, []byte(`{"slurmVersion":1,"validationOutputFilters":{},"locallyAddedAssertions":{}}`))
	s := start(t, rpki.JSON(path), rpki.SLURM(slurm), rpki.Reload(time.Millisecond))
	require.Equal(t, "valid", s.ask(webNet), "a file is there when the first flow is")

	replace(t, path, export("192.0.2.0/24-24 AS64497", "198.51.100.0/24-24 AS1"))
	s.becomes(webNet, "invalid origin")
	require.EqualValues(t, 2, s.counter("vrps"))

	// A broken file and a missing one are counted, and change nothing.
	replace(t, path, []byte(`{"roas":[{"asn":1}]}`))
	require.Eventually(t, func() bool { return s.counter("failed_reloads") > 0 }, time.Minute, time.Millisecond)
	require.Equal(t, "invalid origin", s.ask(webNet))
	require.NoError(t, os.Remove(path))
	require.Equal(t, "invalid origin", s.ask(webNet))
	replace(t, path, export("192.0.2.0/24-24 AS64496"))
	s.becomes(webNet, "valid")

	replace(t, slurm, []byte(exceptions))
	s.becomes(webNet, "notfound")
	require.EqualValues(t, 0, s.counter("vrps"))
}

// TestBadFilesAtTheStart end the run, and say what is wrong where.
func TestBadFilesAtTheStart(t *testing.T) {
	dir := t.TempDir()
	path := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		replace(t, p, content)
		return p
	}
	good := path("good.json", vrps)
	for want, opts := range map[string][]rpki.Option{
		"missing.json: no such file or directory":                     {rpki.JSON(filepath.Join(dir, "missing.json"))},
		`bad.json: at byte 31: roas[0]: "asn" or "prefix" is missing`: {rpki.JSON(path("bad.json", []byte(`{"metadata":{}, "roas":[{"a":1}]}`)))},
		"cut.json: at byte":                                {rpki.JSON(path("cut.json", vrps[:len(vrps)-9]))},
		"cut.gz: at byte 0: content: unexpected EOF":       {rpki.JSON(path("cut.gz", []byte{0x1f, 0x8b, 8, 0}))},
		"slurm.json: slurmVersion is 7":                    {rpki.JSON(good), rpki.SLURM(path("slurm.json", []byte(`{"slurmVersion":7}`)))},
		"good.json: at byte 0: it is longer than 10 bytes": {rpki.JSON(good), rpki.MaxBytes(10)},
		"is a directory":                                   {rpki.JSON(dir)},
	} {
		err := pipeline.From(source.Flows()).Through(rpki.Validate(opts...)).To(sink.Discard()).Run(t.Context())
		require.ErrorContains(t, err, want)
	}
}

func TestURL(t *testing.T) {
	var body, broken atomic.Value
	body.Store(export("192.0.2.0/24-24 AS64496"))
	broken.Store(true)
	var same, sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load().(bool) {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		b := body.Load().([]byte)
		tag := fmt.Sprintf(`"%x"`, len(b))
		if r.Header.Get("If-None-Match") == tag {
			same.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent.Add(1)
		w.Header().Set("ETag", tag)
		_, _ = w.Write(b)
	}))
	defer server.Close()
	s := start(t, rpki.JSON(server.URL+"/vrps.json"), rpki.Reload(5*time.Millisecond), rpki.Wait(0))
	require.Equal(t, "absent", s.ask(webNet))
	require.Eventually(t, func() bool { return s.counter("failed_reloads") > 2 }, time.Minute, time.Millisecond)
	broken.Store(false)
	s.becomes(webNet, "valid")
	require.Eventually(t, func() bool { return same.Load() > 2 }, time.Minute, time.Millisecond)
	require.EqualValues(t, 1, sent.Load())
	require.EqualValues(t, 1, s.counter("reloads"))
	body.Store(export("192.0.2.0/24-24 AS64497", "198.51.100.0/24-24 AS64497"))
	s.becomes(webNet, "invalid origin")
	body.Store([]byte("<html>"))
	failed := s.counter("failed_reloads")
	require.Eventually(t, func() bool { return s.counter("failed_reloads") > failed }, time.Minute, time.Millisecond)
	require.Equal(t, "invalid origin", s.ask(webNet))
}

// TestUnmodifiedSince: a server may tell Last-Modified alone.
func TestUnmodifiedSince(t *testing.T) {
	var same atomic.Int64
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Modified-Since") != "" {
			same.Add(1)
		}
		http.ServeContent(w, r, "", changed, bytes.NewReader(vrps))
	}))
	defer server.Close()
	s := start(t, rpki.JSON(server.URL), rpki.Reload(5*time.Millisecond))
	require.Equal(t, "valid", s.ask(webNet), "the pipeline waits for the first data")
	require.Eventually(t, func() bool { return same.Load() > 2 }, time.Minute, time.Millisecond)
	require.EqualValues(t, 1, s.counter("reloads"))
}

// TestDeadCache: flows go through all the same, as unknown.
func TestDeadCache(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := l.Addr().String()
	require.NoError(t, l.Close())
	s := start(t, rpki.RTR(at), rpki.JSONData("vrps", vrps), rpki.Wait(50*time.Millisecond))
	require.Equal(t, "absent", s.ask(webNet), "another source alone does not do")
	require.Eventually(t, func() bool { return s.counter("failed_reloads") > 0 }, time.Minute, time.Millisecond)
	require.EqualValues(t, 0, s.counter("vrps"))
	require.EqualValues(t, 2, s.counter("unknown"))
}

// TestVRPsThatMustNotBeUsed any more: the cache has begun another session, so that
// states are unknown until it has told everything.
func TestVRPsThatMustNotBeUsed(t *testing.T) {
	calls := make(chan net.Conn)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		router, cache := net.Pipe()
		select {
		case calls <- cache:
			return router, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	// Of each: Cache Response, 192.0.2.0/24 from AS 64496, End of Data.
	tell := func(conn net.Conn, session string) {
		_, err := io.ReadFull(conn, make([]byte, 8)) // Reset Query
		require.NoError(t, err)
		pdus, err := hex.DecodeString("0103" + session + "00000008" + "010400000000001401181800c00002000000fbf0" + "0107" + session + "000000180000000100000e100000025800001c20")
		require.NoError(t, err)
		_, err = conn.Write(pdus)
		require.NoError(t, err)
	}
	first := make(chan net.Conn, 1)
	var told sync.WaitGroup
	told.Go(func() {
		conn := <-calls
		tell(conn, "0001")
		first <- conn
	})
	s := start(t, rpki.RTR("cache"), rpki.Dial(dial), rpki.Wait(time.Minute))
	told.Wait()
	require.Equal(t, "valid", s.ask(webNet))
	conn := <-first
	_, err := conn.Write([]byte{1, 0, 0, 2, 0, 0, 0, 12, 0, 0, 0, 9}) // Serial Notify of session 2
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	s.becomes(webNet, "absent")
	require.EqualValues(t, 0, s.counter("vrps"))
	conn = <-calls
	tell(conn, "0002")
	s.becomes(webNet, "valid")
	require.NoError(t, conn.Close())
}

// TestOpenGivesUp when it is told to while it waits.
func TestOpenGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	err := pipeline.From(source.Flows()).Through(rpki.Validate(rpki.RTR("cache"), rpki.Dial(dial), rpki.Wait(time.Hour))).To(sink.Discard()).Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// TestWithStayrtr follows a cache of another maker.
func TestWithStayrtr(t *testing.T) {
	path := program.Path(t, "stayrtr")
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = l.Close() }()
		return l.Addr().String()
	}
	file, at := filepath.Join(t.TempDir(), "vrps.json"), free()
	replace(t, file, export("192.0.2.0/24-24 AS64496"))
	cmd := exec.Command(path, "-cache", file, "-checktime=false", "-refresh", "1", "-bind", at, "-metrics.addr", free())
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s := start(t, rpki.RTR("tcp://"+at), rpki.Wait(time.Minute))
	require.Equal(t, "valid", s.ask(webNet), "the pipeline waits for the first data")
	replace(t, file, export("192.0.2.0/24-24 AS64497", "198.51.100.0/24-24 AS64497"))
	s.becomes(webNet, "invalid origin")
	require.EqualValues(t, 2, s.counter("vrps"))
}

// TestABatchSeesOneTable: while VRPs change all the time, all flows of a batch are
// validated with the same ones.
func TestABatchSeesOneTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vrps.json")
	replace(t, path, export("192.0.2.0/24-24 AS64496"))
	fl := between(t, webNet, webNet)
	var seen [2]atomic.Int64
	enough := make(chan struct{})
	endless := func() pipeline.Source {
		return source.Func("endless", func(_ context.Context, b *flow.Batch) error {
			select {
			case <-enough:
				return io.EOF
			default:
			}
			for !b.Full() {
				*b.Next() = fl
			}
			return nil
		})
	}
	look := sink.Func("look", func(b *flow.Batch) error {
		first := ""
		for fl := range b.All() {
			for _, got := range []string{srcState(b, fl), dstState(b, fl)} {
				if first == "" {
					first = got
				}
				if got != first {
					return fmt.Errorf("%q and %q in one batch", first, got)
				}
			}
		}
		seen[map[string]int{"valid": 0, "invalid origin": 1}[first]].Add(1)
		return nil
	})
	pl, err := pipeline.From(endless(), endless()).Through(rpki.Validate(rpki.JSON(path), rpki.Reload(time.Millisecond))).To(look).Build()
	require.NoError(t, err)
	var run sync.WaitGroup
	run.Go(func() { err = pl.Run(context.Background()) })
	for i := range 20 {
		before := pl.Stats().Stages[2].Counters["reloads"]
		replace(t, path, export("192.0.2.0/24-24 AS"+[]string{"64497", "64496"}[i%2]))
		require.Eventually(t, func() bool { return pl.Stats().Stages[2].Counters["reloads"] > before }, time.Minute, time.Millisecond)
	}
	close(enough)
	run.Wait()
	require.NoError(t, err)
	require.Positive(t, seen[0].Load())
	require.Positive(t, seen[1].Load())
}
