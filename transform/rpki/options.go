package rpki

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/flowpipeline/pipeline/internal/endpoint"
	"github.com/flowpipeline/pipeline/internal/rtr"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// Option is a source of VRPs, or changes how they are got and used.
type Option func(*config)

type config struct {
	caches  [][]rtr.Cache // of each RTR
	exports []place       // of JSON
	data    []vrp.Set     // of JSONData
	slurm   place
	rib     RIB
	tls     *tls.Config
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	http    *http.Client
	every   time.Duration
	wait    time.Duration
	bytes   int64
	status  bool
	errs    []error
}

// RTR gets VRPs from caches by the RPKI to Router protocol, version 1 (RFC 8210)
// or 0 (RFC 6810): "tcp://host:port", "tls://host:port" or "host:port". The port
// is 323, or 324 of tls, when it is left out. The first cache is preferred; one
// further back is used while those before it do not answer.
func RTR(caches ...string) Option {
	return func(c *config) {
		var list []rtr.Cache
		for _, text := range caches {
			at, err := parseCache(text)
			if err != nil {
				c.errs = append(c.errs, err)
			}
			list = append(list, at)
		}
		if len(list) == 0 {
			c.errs = append(c.errs, errors.New("RTR: there is no cache"))
		}
		c.caches = append(c.caches, list)
	}
}

// JSON reads VRPs from what a validator exports, as routinator, rpki-client and
// OctoRPKI write it: a file, which may be compressed with gzip or zstd, or a URL of
// http or https. It is read again when it has changed; see Reload. Of a URL
// ETag and Last-Modified tell.
func JSON(location string) Option {
	return func(c *config) {
		at, err := parsePlace(location)
		if err != nil {
			c.errs = append(c.errs, fmt.Errorf("JSON: %w", err))
		}
		c.exports = append(c.exports, at)
	}
}

// JSONData is JSON for an export in memory, which errors call by name.
func JSONData(name string, export []byte) Option {
	return func(c *config) {
		set, err := vrp.ReadJSON(bytes.NewReader(export))
		if err != nil {
			c.errs = append(c.errs, fmt.Errorf("%s: %w", name, err))
		}
		c.data = append(c.data, set)
	}
}

// SLURM makes the local exceptions of a file or URL (RFC 8416): VRPs that are left
// out or added. It is read again as JSON is. There can be only one.
func SLURM(location string) Option {
	return func(c *config) {
		at, err := parsePlace(location)
		if err == nil && c.slurm != nil {
			err = errors.New("there can be only one")
		}
		if err != nil {
			c.errs = append(c.errs, fmt.Errorf("SLURM: %w", err))
		}
		c.slurm = at
	}
}

// Routes has a RIB tell the routes, such as that of an MRT dump (package
// transform/bgp/mrt). Where it knows none, the flow tells.
func Routes(rib RIB) Option { return func(c *config) { c.rib = rib } }

// TLS is how connections to caches at tls:// are secured. The default trusts the
// system's roots; the server's name is the host of the address unless given.
func TLS(t *tls.Config) Option { return func(c *config) { c.tls = t } }

// Dial has connections to caches made by a function in place of net.Dialer, as
// through SSH (RFC 8210 9.1). For tls:// the handshake follows.
func Dial(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(c *config) { c.dial = dial }
}

// HTTPClient is what URLs are read with in place of a client of the stage's own.
func HTTPClient(client *http.Client) Option { return func(c *config) { c.http = client } }

// Reload is how often files and URLs are looked at; the default is five minutes.
func Reload(every time.Duration) Option { return func(c *config) { c.every = every } }

// Wait is how long the pipeline waits for caches and URLs when it opens; the
// default is half a minute. With 0 it does not.
func Wait(d time.Duration) Option { return func(c *config) { c.wait = d } }

// MaxBytes bounds the length of a file or of what a URL gives, decompressed; the
// default is 512 MiB. What is longer is an error.
func MaxBytes(n int64) Option { return func(c *config) { c.bytes = n } }

// FillValidationStatus sets ValidationStatus to the destination's state, where
// tools of flowpipeline look for it, in place of what the router attached.
func FillValidationStatus() Option { return func(c *config) { c.status = true } }

func newConfig(opts []Option) (config, error) {
	c := config{every: 5 * time.Minute, wait: 30 * time.Second, bytes: 512 << 20, dial: new(net.Dialer).DialContext}
	for _, o := range opts {
		o(&c)
	}
	if c.every <= 0 {
		c.errs = append(c.errs, fmt.Errorf("Reload: every %v makes no sense", c.every))
	}
	if c.wait < 0 {
		c.errs = append(c.errs, fmt.Errorf("Wait: %v makes no sense", c.wait))
	}
	if c.bytes <= 0 {
		c.errs = append(c.errs, fmt.Errorf("MaxBytes: %d bytes make no sense", c.bytes))
	}
	if c.dial == nil {
		c.errs = append(c.errs, errors.New("Dial: the function is nil"))
	}
	if len(c.caches)+len(c.exports)+len(c.data) == 0 {
		c.errs = append(c.errs, errors.New("there is no source of VRPs: give RTR or JSON"))
	}
	return c, errors.Join(c.errs...)
}

// parseCache reads "tcp://host:port", "tls://host:port" or "host:port".
func parseCache(text string) (rtr.Cache, error) {
	scheme, rest, has := strings.Cut(text, "://")
	if !has {
		scheme, rest = "tcp", text
	}
	port, known := map[string]string{"tcp": "323", "tls": "324"}[scheme]
	if !known {
		return rtr.Cache{}, fmt.Errorf("cache %q does not begin with tcp:// or tls://", text)
	}
	address, err := endpoint.HostPort(rest, port)
	if err != nil {
		return rtr.Cache{}, fmt.Errorf("cache %q: %w", text, err)
	}
	return rtr.Cache{Address: address, TLS: scheme == "tls"}, nil
}
