package rdns_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/rdns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// freePort is a port of UDP and TCP that nobody uses at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.LocalAddr().String())
	require.NoError(t, err)
	return port
}

// dnsmasq runs a server of a few names until the test ends.
func dnsmasq(t *testing.T) (address string) {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(program.Path(t, "dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--port="+port, "--listen-address=127.0.0.1",
		"--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file=", "--user=", "--local=/in-addr.arpa/", "--local=/ip6.arpa/", "--local-ttl=600",
		"--ptr-record=7.2.0.192.in-addr.arpa,www.example.net",
		"--ptr-record=7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa,six.example.net",
		"--cname=8.2.0.192.in-addr.arpa,8.customer.example", "--ptr-record=8.customer.example,delegated.example.net")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address = "127.0.0.1:" + port
	require.Eventually(t, func() bool {
		r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", address)
		}}
		names, err := r.LookupAddr(t.Context(), "192.0.2.7")
		return err == nil && slices.Equal(names, []string{"www.example.net."})
	}, time.Minute, 10*time.Millisecond)
	return address
}

// repeat runs flows over and over through a transform until done, which is told the
// names of source addresses so far, and the counters.
func repeat(t *testing.T, tr pipeline.Transform, addrs []string, done func(names map[string]string, c map[string]uint64) bool) map[string]uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := pipeline.SourceFunc(func(ctx context.Context, b *flow.Batch) error {
		for _, a := range addrs {
			b.Next().SetSrcAddr(flow.MustParseAddr(a))
		}
		time.Sleep(time.Millisecond)
		return ctx.Err()
	})
	var p *pipeline.Pipeline
	over := false
	watch := sink.Func("watch", func(b *flow.Batch) error {
		names := map[string]string{}
		for fl := range b.All() {
			if name, ok := b.SrcHostName(fl); ok {
				names[fl.SrcAddr.String()] = string(name)
			}
		}
		s, _ := p.Stats().Stage("rdns")
		if done(names, s.Counters) {
			over = true
			cancel()
		}
		return nil
	})
	p, err := pipeline.From(again).Through(tr).To(watch).Build(pipeline.WithLanes(1))
	require.NoError(t, err)
	require.NoError(t, p.Run(ctx))
	require.True(t, over, "it took too long")
	s, _ := p.Stats().Stage("rdns")
	return s.Counters
}

func TestWithDnsmasq(t *testing.T) {
	server := dnsmasq(t)
	want := map[string]string{"192.0.2.7": "www.example.net", "2001:db8::7": "six.example.net"}
	c := repeat(t, rdns.Names(rdns.Servers(server)), []string{"192.0.2.7", "2001:db8::7", "198.51.100.1", "192.0.2.7"},
		func(names map[string]string, c map[string]uint64) bool {
			return maps.Equal(want, names) && c["no_name"] == 1
		})
	require.EqualValues(t, 3, c["queries"], "each address is asked for once")
	require.Zero(t, c["failed"])
	require.Positive(t, c["unnamed"])
}

func TestTheNextServerIsAsked(t *testing.T) {
	server, dead := dnsmasq(t), "127.0.0.1:"+freePort(t)
	repeat(t, rdns.Names(rdns.Servers(dead, server)), []string{"192.0.2.7"}, func(names map[string]string, _ map[string]uint64) bool {
		return names["192.0.2.7"] == "www.example.net"
	})
}

// TestAServerThatIsSilent does not hold up flows, nor the end.
func TestAServerThatIsSilent(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	c := repeat(t, rdns.Names(rdns.Servers(silent.LocalAddr().String()), rdns.Timeout(time.Hour), rdns.Parallel(1)), []string{"192.0.2.7", "192.0.2.8"},
		func(_ map[string]string, c map[string]uint64) bool { return c["queries"] == 1 && c["unnamed"] > 10 })
	require.EqualValues(t, 1, c["queries"])
}

func TestFailuresAreCounted(t *testing.T) {
	c := repeat(t, rdns.Names(rdns.Servers("127.0.0.1:"+freePort(t))), []string{"192.0.2.7"},
		func(_ map[string]string, c map[string]uint64) bool { return c["failed"] > 0 })
	require.EqualValues(t, 1, c["queries"], "a failure stays for a while")
}

// TestMoreAddressesThanRoom needs a cache that holds four, all being asked for.
func TestMoreAddressesThanRoom(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	var addrs []string
	for i := range 9 {
		addrs = append(addrs, fmt.Sprintf("192.0.2.%d", i))
	}
	c := repeat(t, rdns.Names(rdns.Servers(silent.LocalAddr().String()), rdns.Timeout(time.Hour), rdns.CacheSize(4), rdns.Parallel(8)), addrs,
		func(_ map[string]string, c map[string]uint64) bool { return c["queries"] == 4 && c["left_out"] >= 5 })
	require.EqualValues(t, 4, c["queries"])
}

func TestMistakes(t *testing.T) {
	for want, tr := range map[string]pipeline.Transform{
		"server":                 rdns.Names(rdns.Servers("")),
		"Of: bytes has no field": rdns.Names(rdns.Of(flow.FieldBytes)),
		"CacheSize: 3 is not":    rdns.Names(rdns.CacheSize(3)),
		"Parallel: 0 is not":     rdns.Names(rdns.Parallel(0)),
		"Of: no address":         rdns.Names(rdns.Of()),
		"Timeout: 0s makes":      rdns.Names(rdns.Timeout(0)),
	} {
		_, err := pipeline.From(pipelinetest.Flows()).Through(tr).To(sink.Discard()).Build()
		require.ErrorContains(t, err, want)
	}
}

// TestConformance asks a server that never answers, since a name that comes would be
// another flow.
func TestConformance(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	pipelinetest.TestTransform(t, func() pipeline.Transform {
		return rdns.Names(rdns.Servers(silent.LocalAddr().String()), rdns.Timeout(time.Hour))
	})
}
