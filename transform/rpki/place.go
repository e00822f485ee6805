package rpki

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// fetchTimeout bounds how long a URL may take to give its content.
const fetchTimeout = 5 * time.Minute

// place is where a document is. Its text is for errors and the log.
type place interface {
	fmt.Stringer
	// open returns the content and its version, and no content if that is the
	// known version.
	open(ctx context.Context, known version) (io.ReadCloser, version, error)
}

// settled is how old a change of a file is before it can be told from the next by
// its time.
const settled = 2 * time.Second

// version tells one state of a document from another. The zero version is like no
// other.
type version struct {
	etag, modified string    // of a URL
	time           time.Time // of a file
	size           int64
}

// parsePlace tells a URL from a file.
func parsePlace(location string) (place, error) {
	if location == "" {
		return nil, errors.New("the location is empty")
	}
	if !strings.HasPrefix(location, "http://") && !strings.HasPrefix(location, "https://") {
		return file(location), nil
	}
	u, err := url.Parse(location)
	if err == nil && u.Host == "" {
		err = fmt.Errorf("%s: the host is missing", location)
	}
	return &web{url: u}, err
}

// file is a path.
type file string

func (f file) String() string { return string(f) }

func (f file) open(_ context.Context, known version) (io.ReadCloser, version, error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return nil, known, err
	}
	v := version{time: info.ModTime(), size: info.Size()}
	if v == known {
		return nil, known, nil
	}
	if time.Since(v.time) < settled {
		v = version{}
	}
	in, err := os.Open(string(f))
	if err != nil {
		return nil, known, err
	}
	return in, v, nil
}

// web is a URL.
type web struct {
	url    *url.URL
	client *http.Client
}

func (w *web) String() string { return w.url.Redacted() }

func (w *web) open(ctx context.Context, known version) (io.ReadCloser, version, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url.String(), nil)
	if err != nil {
		cancel()
		return nil, known, err
	}
	req.Header.Set("Accept", "application/json")
	if known.etag != "" {
		req.Header.Set("If-None-Match", known.etag)
	}
	if known.modified != "" {
		req.Header.Set("If-Modified-Since", known.modified)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		cancel()
		return nil, known, err // it names the URL
	}
	if resp.StatusCode == http.StatusOK {
		v := version{etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}
		return &response{resp.Body, cancel}, v, nil
	}
	cancel()
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNotModified {
		return nil, known, fmt.Errorf("%v: HTTP status %s", w, resp.Status)
	}
	return nil, known, nil
}

// response is the body of a response, and ends the request when it is closed.
type response struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (r *response) Close() error {
	defer r.cancel()
	return r.ReadCloser.Close()
}
