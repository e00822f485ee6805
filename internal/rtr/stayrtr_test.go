package rtr_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/internal/rtr"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// The tests in this file talk to a cache of another maker.

// freePort returns a TCP port of the loopback address that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// export writes what a validator would.
func export(t *testing.T, path string, vrps ...vrp.VRP) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"metadata":{"buildtime":"2026-01-01T00:00:00Z"},"roas":[`)
	for i, v := range vrps {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"asn":%d,"prefix":%q,"maxLength":%d,"ta":"test","expires":4000000000}`, v.ASN, v.Prefix(), v.MaxLen)
	}
	b.WriteString("]}\n")
	require.NoError(t, os.WriteFile(path+".new", b.Bytes(), 0o644))
	require.NoError(t, os.Rename(path+".new", path))
}

// stayrtr starts the cache, which looks at its file each second.
func stayrtr(t *testing.T, file string, args ...string) (stop func()) {
	t.Helper()
	args = append([]string{"-cache", file, "-checktime=false", "-refresh", "1", "-metrics.addr", freePort(t)}, args...)
	cmd := exec.CommandContext(t.Context(), program.Path(t, "stayrtr"), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	t.Cleanup(stop)
	return stop
}

// kept runs a client of a cache, and returns what it holds. The test ends it.
func kept(t *testing.T, tls *tls.Config, cache rtr.Cache) (latest func() update) {
	t.Helper()
	var mu sync.Mutex
	var now update
	client := rtr.New(rtr.Config{
		Caches: []rtr.Cache{cache},
		Dial:   new(net.Dialer).DialContext,
		TLS:    tls,
		Log:    slog.New(slog.DiscardHandler),
		Failed: func(error) {},
		Update: func(set vrp.Set, ok bool) {
			mu.Lock()
			defer mu.Unlock()
			now = update{set, ok}
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { client.Run(ctx) })
	t.Cleanup(func() { cancel(); run.Wait() })
	return func() update {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
}

func eventually(t *testing.T, latest func() update, want ...vrp.VRP) {
	t.Helper()
	set := vrp.NewSet(slices.Clone(want))
	require.Eventually(t, func() bool { u := latest(); return u.ok && slices.Equal(u.set, set) }, time.Minute, 20*time.Millisecond, "%v", set)
}

func TestStayrtr(t *testing.T) {
	program.Path(t, "stayrtr")
	a, b, x := of(t, "192.0.2.0/24", 26, 64496), of(t, "2001:db8::/32", 48, 64497), of(t, "198.51.100.0/24", 24, 64498)
	for _, version := range []string{"2", "1", "0"} {
		t.Run("version "+version, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "vrps.json")
			at := freePort(t)
			start := func() (stop func()) {
				return stayrtr(t, file, "-bind", at, "-protocol", version)
			}
			export(t, file, a, b)
			stop := start()
			latest := kept(t, nil, rtr.Cache{Address: at})
			eventually(t, latest, a, b) // all
			export(t, file, b, x)
			eventually(t, latest, b, x) // changes, of which the cache notifies
			stop()
			export(t, file, a)
			defer start()()
			eventually(t, latest, a) // from a cache that has begun anew
		})
	}
}

func TestStayrtrOverTLS(t *testing.T) {
	program.Path(t, "stayrtr")
	dir := t.TempDir()
	cert, key, roots := certificate(t, dir)
	file := filepath.Join(dir, "vrps.json")
	a := of(t, "192.0.2.0/24", 26, 64496)
	export(t, file, a)
	at := freePort(t)
	stayrtr(t, file, "-bind", "", "-tls.bind", at, "-tls.cert", cert, "-tls.key", key)
	eventually(t, kept(t, &tls.Config{RootCAs: roots}, rtr.Cache{Address: at, TLS: true}), a)

	// Whoever is not known is not trusted.
	failed := make(chan error, 1)
	stranger := rtr.New(rtr.Config{
		Caches: []rtr.Cache{{Address: at, TLS: true}},
		Dial:   new(net.Dialer).DialContext,
		Log:    slog.New(slog.DiscardHandler),
		Failed: func(err error) { failed <- err },
		Update: func(vrp.Set, bool) { t.Error("told VRPs") },
	})
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { stranger.Run(ctx) })
	require.ErrorContains(t, <-failed, "certificate")
	cancel()
	run.Wait()
}

// certificate makes a certificate of the loopback address that signs itself.
func certificate(t *testing.T, dir string) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(cert, text, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	roots = x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(text))
	return cert, key, roots
}
