package anonymize

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// opened is a transform, and a batch of flows of n IPv4 addresses with MAC addresses,
// the texts of both, and names.
func opened(tb testing.TB, n int) (*anonymizer, *flow.Batch) {
	tb.Helper()
	a, err := newAnonymizer([]Option{func(c *config) {
		c.pan, c.pseudonyms = newCryptoPAn(sampleKey), derive(sampleKey, "pseudonyms")
	}})
	require.NoError(tb, err)
	require.NoError(tb, a.Bind(nil))
	require.NoError(tb, a.Open(context.Background(), pipeline.Env{}))
	b := flow.NewOwner(flow.OwnerConfig{}).Begin(0, time.Time{})
	r := rand.New(rand.NewPCG(1, 1))
	addrs := make([]flow.Addr, n)
	for i := range addrs {
		addrs[i] = flow.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
	}
	for !b.Full() {
		fl := b.Next()
		fl.SetSrcAddr(addrs[r.IntN(n)])
		fl.SetDstAddr(addrs[r.IntN(n)])
	}
	return a, b
}

func TestProcessAllocatesNothing(t *testing.T) {
	a, b := opened(t, 512)
	for fl := range b.All() {
		fl.SetSrcMAC(flow.MAC{2, 0, 0, 0, 0, byte(b.Index(fl))})
	}
	require.Zero(t, testing.AllocsPerRun(50, func() { _ = a.Process(context.Background(), b) }))
	require.Positive(t, a.count.addresses.Load())
	require.Positive(t, a.count.macs.Load())
}

// TestNamesAllocateNothing looks at the pseudonyms alone: texts make the batch's
// arena grow.
func TestNamesAllocateNothing(t *testing.T) {
	p := newPseudonyms(sampleKey)
	name, mac := []byte("www.example.net"), flow.MAC{}
	require.Zero(t, testing.AllocsPerRun(50, func() {
		mac[5]++
		p.name(name)
		p.address(mac)
	}))
}

// BenchmarkCryptoPAn is the cost of one IPv4 address that was not seen before, of a
// known network or not, and of one that was; beside the floor, 32 encryptions of AES
// without anything else.
func BenchmarkCryptoPAn(b *testing.B) {
	c := newCache()
	r := rand.New(rand.NewPCG(1, 1))
	const n = 512
	var fresh, near, again [n]flow.Addr
	next := func() {
		for i := range fresh {
			fresh[i] = flow.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
			near[i] = flow.AddrFrom4([4]byte{10, 1, byte(i % 8), byte(r.Uint32())})
		}
	}
	next()
	again = fresh
	all := func(addrs *[n]flow.Addr) func() {
		return func() {
			for _, a := range addrs {
				c.pseudonym(a)
			}
		}
	}
	sidebyside.Run(b, n,
		sidebyside.Work{Unit: "ns/addr-floor", Do: func() {
			for i := range n * 32 {
				s := c.scratch[i%len(c.scratch)][:]
				c.block.Encrypt(s, s)
			}
		}},
		sidebyside.Work{Do: func() { next(); c.addr4 = [1 << slotBits]struct{ addr, other uint64 }{} }},
		sidebyside.Work{Unit: "ns/addr-unseen", Do: all(&fresh)},
		sidebyside.Work{Unit: "ns/addr-near", Do: all(&near)},
		sidebyside.Work{Do: all(&again)},
		sidebyside.Work{Unit: "ns/addr-seen", Do: all(&again)},
	)
}

// BenchmarkProcess is the cost of a flow with two addresses of a thousand.
func BenchmarkProcess(b *testing.B) {
	a, batch := opened(b, 1000)
	before, _ := batch.Raw()
	saved := append([]flow.Flow(nil), before...)
	sidebyside.Run(b, batch.Len(),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() { copy(before, saved) }},
		sidebyside.Work{Unit: "ns/flow", Do: func() { _ = a.Process(context.Background(), batch) }},
	)
}
