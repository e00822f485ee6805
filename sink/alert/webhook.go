package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/template"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Headers of a request that is signed.
const (
	TimestampHeader = "X-Timestamp"     // seconds since the epoch
	SignatureHeader = "X-Signature-256" // "sha256=" and the HMAC in hexadecimal
)

// Webhook posts each flow or event to an URL of http or https, one after the other,
// as a JSON object with the fields that are present, by the names in
// docs/fields.md. Any status but 2xx is an error, and so is a redirect; the other
// flows of the batch are delivered.
func Webhook(location string, opts ...Option) pipeline.Sink {
	return pipeline.NewSink("webhook", func() (pipeline.Sink, error) {
		w := &webhook{url: location, timeout: 10 * time.Second, now: time.Now, header: http.Header{"Content-Type": {"application/json"}}}
		var errs []error
		for _, o := range opts {
			errs = append(errs, o(w))
		}
		u, err := url.Parse(location)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, errors.New("the URL is not one of http or https")) // which may hold a secret
		}
		if w.timeout <= 0 {
			errs = append(errs, fmt.Errorf("Timeout: %v makes no sense", w.timeout))
		}
		return w, errors.Join(errs...)
	})
}

// Option changes what Webhook posts, and how.
type Option func(*webhook) error

// Template makes the body with text/template in place of JSON. The dot is a map of
// the fields that are present, by name: {{.attack_class}}. {{json .}} and {{json
// .dst_addr}} write JSON.
func Template(contentType, text string) Option {
	return func(w *webhook) (err error) {
		w.header.Set("Content-Type", contentType)
		w.template, err = template.New("webhook").Option("missingkey=zero").Funcs(template.FuncMap{"json": toJSON}).Parse(text)
		if err != nil {
			return fmt.Errorf("Template: %w", err)
		}
		return nil
	}
}

// Header sets a header of all requests.
func Header(name, value string) Option {
	return func(w *webhook) error { w.header.Set(name, value); return nil }
}

// Timeout bounds a request with its answer; the default is 10 seconds.
func Timeout(d time.Duration) Option {
	return func(w *webhook) error { w.timeout = d; return nil }
}

// Secret signs requests: SignatureHeader is the HMAC-SHA256 (RFC 2104) of the text
// of TimestampHeader, a full stop and the body. A receiver that knows the key can
// tell that the request is genuine, and by the time that it is not an old one.
func Secret(key []byte) Option {
	return func(w *webhook) error {
		if len(key) == 0 {
			return errors.New("Secret: the key is empty")
		}
		w.key = bytes.Clone(key)
		return nil
	}
}

// HTTPClient is what requests are made with in place of a client of the sink's own.
func HTTPClient(c *http.Client) Option {
	return func(w *webhook) error { w.client = c; return nil }
}

type webhook struct {
	url      string
	timeout  time.Duration
	header   http.Header
	template *template.Template
	key      []byte
	client   *http.Client
	own      *http.Client // to clean up behind
	now      func() time.Time
	fields   fields
	body     bytes.Buffer
}

// Open implements pipeline.Opener.
func (w *webhook) Open(context.Context, pipeline.Env) error {
	w.fields.open()
	if w.client == nil {
		w.own = &http.Client{
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		w.client = w.own
	}
	return nil
}

// Close implements pipeline.Closer.
func (w *webhook) Close(context.Context) error {
	if w.own != nil {
		w.own.CloseIdleConnections()
	}
	return nil
}

// Write implements pipeline.Sink.
func (w *webhook) Write(ctx context.Context, b *flow.Batch) error {
	var failed flow.PartialError
	w.fields.begin(b)
	flows, rows := b.Raw()
	for _, i := range rows {
		if err := w.post(ctx, &flows[i]); err != nil {
			failed.Rows = append(failed.Rows, i)
			failed.Err = errors.Join(failed.Err, err)
		}
	}
	if failed.Err != nil {
		return &failed
	}
	return nil
}

func (w *webhook) post(ctx context.Context, fl *flow.Flow) error {
	if err := w.render(fl); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(w.body.Bytes()))
	if err != nil {
		return withoutURL(err)
	}
	req.Header = w.header.Clone()
	w.sign(req.Header)
	resp, err := w.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	// A connection is used again only when the answer was read.
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %s", req.URL.Host, resp.Status)
	}
	return nil
}

// withoutURL takes the URL out of an error, as it may hold a secret.
func withoutURL(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return fmt.Errorf("post: %w", e.Err)
	}
	return err
}

func (w *webhook) render(fl *flow.Flow) error {
	w.body.Reset()
	if w.template == nil {
		w.body.Write(w.fields.json(fl))
		return nil
	}
	values, err := w.fields.values(fl)
	if err != nil {
		return err
	}
	return w.template.Execute(&w.body, values)
}

func (w *webhook) sign(h http.Header) {
	if w.key == nil {
		return
	}
	at := strconv.FormatInt(w.now().Unix(), 10)
	mac := hmac.New(sha256.New, w.key)
	_, _ = io.WriteString(mac, at+".")
	_, _ = mac.Write(w.body.Bytes())
	h.Set(TimestampHeader, at)
	h.Set(SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
}
