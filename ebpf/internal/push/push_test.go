package push_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf/internal/push"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// passing returns whether keys pass the code. No code lets every key pass.
func passing(tb testing.TB, code asm.Instructions) func(*packet.Key) bool {
	if code == nil {
		return func(*packet.Key) bool { return true }
	}
	m := newMachine(code)
	return func(k *packet.Key) bool {
		tb.Helper()
		v, err := m.run(k)
		if err != nil || v > 1 {
			tb.Fatalf("%d, %v\n%v", v, err, code)
		}
		return v == 1
	}
}

// TestCodeMeansTheFilter compares random expressions for random keys with the
// filter for the flows of these keys.
func TestCodeMeansTheFilter(t *testing.T) {
	const seed, size = 1, 128
	var taken, refused, whole int
	for i := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, i))
		keys := make([]packet.Key, size)
		for i := range keys {
			keys[i] = randomKey(r)
		}
		b := flows(t, r, keys)
		expr := expression(r, 3)
		p, err := filter.Parse(expr, web(t))
		require.NoError(t, err, expr)
		code, part, rest := push.Compile(p)
		require.LessOrEqual(t, code.Size(), uint64(8*push.MaxInstructions))
		if rest.IsAll() {
			whole++
		}
		all, _ := b.Raw()
		passes := passing(t, code)
		for j := range keys {
			got := passes(&keys[j])
			if got != part.MatchIn(b, &all[j]) {
				t.Fatalf("seed %d/%d: %s\nof which %s\nis %t for %+v\n%v", seed, i, expr, part, got, keys[j], code)
			}
			if p.MatchIn(b, &all[j]) != (got && rest.MatchIn(b, &all[j])) {
				t.Fatalf("seed %d/%d: %s\nis not %s\nand %s\nfor %+v", seed, i, expr, part, rest, keys[j])
			}
			if got {
				taken++
			} else {
				refused++
			}
		}
	}
	require.Greater(t, taken, 20000)
	require.Greater(t, refused, 20000)
	require.Greater(t, whole, 300)
}

func FuzzCompile(f *testing.F) {
	for i := range uint64(64) {
		r := rand.New(rand.NewPCG(2, i))
		f.Add(expression(r, 2), i)
	}
	f.Fuzz(func(t *testing.T, expr string, seed uint64) {
		p := filter.Expr(expr, web(t))
		code, part, rest := push.Compile(p)
		r := rand.New(rand.NewPCG(seed, 0))
		keys := make([]packet.Key, 32)
		for i := range keys {
			keys[i] = randomKey(r)
		}
		b := flows(t, r, keys)
		all, _ := b.Raw()
		passes := passing(t, code)
		for i := range keys {
			got := passes(&keys[i])
			require.Equal(t, part.MatchIn(b, &all[i]), got, "%q\n%v", expr, code)
			require.Equal(t, p.MatchIn(b, &all[i]), got && rest.MatchIn(b, &all[i]), "%q is not %q and %q", expr, part, rest)
		}
	})
}

func TestParts(t *testing.T) {
	for _, tt := range []struct{ expr, part, rest string }{
		{`proto tcp and address 129.143.4.238 and port 80`, `proto tcp and address 129.143.4.238 and port 80`, `any`},
		{`proto tcp and port 80 and bytes >1M`, `proto tcp and port 80`, `bytes > 1M`},
		{`bytes >1M`, `any`, `bytes > 1M`},
		{`port in @web and vlan 10`, `vlan 10`, `port in @web`},
		{`port 80 and nobody_knows = 1`, `port 80`, `nobody_knows = 1`},
		{`flags syn and not flags ack`, `proto = 6`, `flags syn and not flags ack`},
		{`etype in [ipv4 ipv6]`, `etype in [ipv4 ipv6]`, `any`},
		{`etype arp`, `etype arp`, `any`},
	} {
		_, part, rest := push.Compile(filter.Expr(tt.expr, web(t)))
		require.Equal(t, []string{tt.part, tt.rest}, []string{part.String(), rest.String()}, tt.expr)
	}
	code, _, _ := push.Compile(filter.Expr(`etype in [ipv4 ipv6]`))
	require.Nil(t, code)
	code, _, rest := push.Compile(filter.Expr(`port port`))
	require.Nil(t, code)
	require.Error(t, rest.Err())
}

// TestLargeSets leaves what is too large to the pipeline, and no more than that.
func TestLargeSets(t *testing.T) {
	for _, tt := range []struct {
		expr string
		rest bool
	}{
		{`dst port ` + set(1000, oddPort), false},
		{`src address ` + set(1000, addr4), false},
		{`src address ` + set(200, addr6), false},
		{`dst port ` + set(4000, oddPort), true},
		{`src address ` + set(4000, addr4), true},
		{`src address ` + set(1000, addr6), true},
		{`address ` + set(1500, addr4), true},
	} {
		code, part, rest := push.Compile(filter.Expr(tt.expr + " and vlan 10"))
		require.LessOrEqual(t, code.Size(), uint64(8*push.MaxInstructions))
		require.NotNil(t, code, "vlan 10 is left")
		require.Equal(t, tt.rest, !rest.IsAll(), "%.60s", tt.expr)
		require.Contains(t, part.String(), "vlan 10")
	}
	// Together they are too large: the smaller one is taken.
	_, part, rest := push.Compile(filter.Expr(`dst port ` + set(1200, oddPort) + ` and src port ` + set(1300, oddPort)))
	require.Contains(t, part.String(), "dst port in")
	require.Contains(t, rest.String(), "src port in")
}

// set writes a set of n items.
func set(n int, item func(int) string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = item(i)
	}
	return "in [" + strings.Join(list, " ") + "]"
}

func oddPort(i int) string { return strconv.Itoa(2*i + 1) }
func addr4(i int) string   { return fmt.Sprintf("10.%d.%d.1", i/256, i%256) }
func addr6(i int) string   { return fmt.Sprintf("2001:db8:%d::1", i) }
