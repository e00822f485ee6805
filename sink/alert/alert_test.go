package alert_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/sink/alert"
	"github.com/flowpipeline/pipeline/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// request is what a receiver got.
type request struct {
	header http.Header
	body   string
}

// receiver answers requests with what answer says.
func receiver(t testing.TB, answer http.HandlerFunc) (url string, got chan request) {
	got = make(chan request, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, string(body)}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func fine(http.ResponseWriter, *http.Request) {}

// to is a flow to 192.0.2.n at a second.
func to(n byte, second int64) (fl flow.Flow) {
	fl.SetDstAddr(flow.AddrFrom4([4]byte{192, 0, 2, n}))
	fl.SetTimeReceived(1767225600e9 + second*1e9)
	return fl
}

func TestConformance(t *testing.T) {
	url, got := receiver(t, fine)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range got {
		}
	}()
	pipelinetest.TestSink(t, func() pipeline.Sink { return alert.Webhook(url) })
	pipelinetest.TestSink(t, func() pipeline.Sink { return alert.Log(slog.LevelWarn, "flow") })
	close(got)
	<-done
	pipelinetest.TestTransform(t, func() pipeline.Transform { return alert.Once(time.Second, "dst_addr") })
	pipelinetest.TestTransform(t, func() pipeline.Transform { return alert.Limit(10, time.Second) })
}

func TestWebhookPostsJSON(t *testing.T) {
	url, got := receiver(t, fine)
	pipelinetest.Run(t, pipeline.From(source.Flows(to(1, 0), to(2, 0))).To(alert.Webhook(url, alert.Header("Authorization", "Bearer x"))))
	first, second := <-got, <-got
	require.JSONEq(t, `{"dst_addr":"192.0.2.1","time_received_ns":1767225600000000000}`, first.body)
	require.Contains(t, second.body, "192.0.2.2")
	require.Equal(t, "application/json", first.header.Get("Content-Type"))
	require.Equal(t, "Bearer x", first.header.Get("Authorization"))
}

func TestWebhookSigns(t *testing.T) {
	url, got := receiver(t, fine)
	pipelinetest.Run(t, pipeline.From(source.Flows(to(1, 0))).To(alert.Webhook(url, alert.Secret([]byte("key")))))
	r := <-got
	mac := hmac.New(sha256.New, []byte("key"))
	_, _ = io.WriteString(mac, r.header.Get("X-Timestamp")+"."+r.body)
	require.Equal(t, "sha256="+hex.EncodeToString(mac.Sum(nil)), r.header.Get("X-Signature-256"))
}

func TestWebhookTemplate(t *testing.T) {
	url, got := receiver(t, fine)
	pipelinetest.Run(t, pipeline.From(source.Flows(to(1, 0))).
		To(alert.Webhook(url, alert.Template("text/plain", `to {{.dst_addr}} at {{.time_received_ns}}: {{json .dst_addr}}`))))
	r := <-got
	require.Equal(t, `to 192.0.2.1 at 1767225600000000000: "192.0.2.1"`, r.body)
	require.Equal(t, "text/plain", r.header.Get("Content-Type"))
}

// TestWebhookIsTriedAgain has the first two requests fail: of the two flows one is
// refused twice, and the other delivered once.
func TestWebhookIsTriedAgain(t *testing.T) {
	var refused atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte("192.0.2.1")) && refused.Add(1) <= 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	stats := pipelinetest.Run(t, pipeline.From(source.Flows(to(1, 0), to(2, 0))).
		To(pipeline.Retry(alert.Webhook(server.URL), pipeline.Backoff{First: time.Millisecond, Attempts: 3})))
	require.Equal(t, int32(3), refused.Load())
	require.NoError(t, stats.Check())
}

func TestWebhookFails(t *testing.T) {
	location, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	slow, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	gone := httptest.NewServer(http.HandlerFunc(fine))
	gone.Close()
	for want, s := range map[string]pipeline.Sink{
		"302 Found":         alert.Webhook(location),
		"deadline exceeded": alert.Webhook(slow, alert.Timeout(20*time.Millisecond)),
		"refused":           alert.Webhook(gone.URL + "/secret"),
		"nil pointer":       alert.Webhook(location, alert.Template("text/plain", `{{index .missing 1}}`)),
	} {
		_, err := pipelinetest.RunError(t, pipeline.From(source.Flows(to(1, 0))).To(s))
		if want == "nil pointer" {
			require.ErrorContains(t, err, "template: webhook")
			continue
		}
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	pipelinetest.Run(t, pipeline.From(source.Flows(to(1, 0))).To(alert.Log(slog.LevelWarn, "attack")),
		pipeline.WithLogger(slog.New(slog.NewJSONHandler(&out, nil))))
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "WARN", line["level"])
	require.Equal(t, "attack", line["msg"])
	require.Equal(t, "192.0.2.1", line["dst_addr"])
}

// passed are the last bytes of the addresses of the flows that a transform lets
// pass.
func passed(t testing.TB, tr pipeline.Transform, flows ...flow.Flow) (got []byte) {
	pipelinetest.Run(t, pipeline.From(source.Flows(flows...)).Through(tr).
		To(sink.Each("record", func(fl *flow.Flow) error { got = append(got, fl.DstAddr[15]); return nil })),
		pipeline.WithClock(pipeline.EventClock()))
	return got
}

func TestOnce(t *testing.T) {
	got := passed(t, alert.Once(10*time.Second, "dst_addr"), to(1, 0), to(1, 1), to(2, 2), to(1, 9), to(1, 10), to(1, 11), to(2, 13))
	require.Equal(t, []byte{1, 2, 1, 2}, got)
}

func TestLimit(t *testing.T) {
	got := passed(t, alert.Limit(2, 10*time.Second), to(1, 0), to(2, 1), to(3, 2), to(4, 10), to(5, 19), to(6, 19))
	require.Equal(t, []byte{1, 2, 4, 5}, got)
}

// TestOnceIsBounded remembers no more than it says, and says what it forgot.
func TestOnceIsBounded(t *testing.T) {
	var list []flow.Flow
	for i := range 1<<16 + 10 {
		fl := to(0, 0)
		fl.SetDstAddr(flow.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		list = append(list, fl)
	}
	stats := pipelinetest.Run(t, pipeline.From(source.Flows(list...)).Through(alert.Once(time.Hour, "dst_addr")).To(sink.Discard()))
	require.Equal(t, uint64(1<<16), stats.Stages[1].Counters["forgotten"])
}

func TestMistakes(t *testing.T) {
	to := func(s pipeline.Sink) *pipeline.Plan { return pipeline.From(source.Flows()).To(s) }
	through := func(tr pipeline.Transform) *pipeline.Plan {
		return pipeline.From(source.Flows()).Through(tr).To(sink.Discard())
	}
	for want, p := range map[string]*pipeline.Plan{
		"the URL is not one of http or https": to(alert.Webhook("ftp://x")),
		"Timeout: 0s makes no sense":          to(alert.Webhook("http://x", alert.Timeout(0))),
		"Secret: the key is empty":            to(alert.Webhook("http://x", alert.Secret(nil))),
		"Template: template: webhook:1":       to(alert.Webhook("http://x", alert.Template("", "{{"))),
		"0 in 1s makes no sense":              through(alert.Limit(0, time.Second)),
		"within 0s makes no sense":            through(alert.Once(0, "dst_addr")),
		"there is no field to tell":           through(alert.Once(time.Second)),
		`there is no field "nope"`:            through(alert.Once(time.Second, "nope")),
	} {
		_, err := p.Build()
		require.ErrorContains(t, err, want)
	}
}

func ExampleLimit() {
	var flows []flow.Flow
	for n := range byte(5) {
		flows = append(flows, to(n, 0))
	}
	passed := sink.Count()
	err := pipeline.From(source.Flows(flows...)).Through(alert.Limit(3, time.Minute)).To(passed).Run(context.Background(), pipeline.WithClock(pipeline.EventClock()))
	fmt.Println(passed.Flows(), err)
	// Output: 3 <nil>
}
