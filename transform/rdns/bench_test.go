package rdns

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/sidebyside"
)

// filled is a transform that knows the names of all addresses of a batch.
func filled(tb testing.TB) (*resolver, *flow.Batch) {
	tb.Helper()
	c, err := newConfig(nil)
	require.NoError(tb, err)
	env := pipeline.Env{}
	r := &resolver{config: c, cache: newCache(c.size), named: env.Counter(""), unnamed: env.Counter("")}
	o := flow.NewOwner(flow.OwnerConfig{})
	b := o.Begin(0, time.Time{})
	for !b.Full() {
		fl := b.Next()
		fl.SetSrcAddr(flow.AddrFrom4([4]byte{192, 0, byte(b.Len() >> 8), byte(b.Len())}))
		fl.SetDstAddr(flow.AddrFrom4([4]byte{198, 51, byte(b.Len() >> 8), byte(b.Len())}))
		for _, a := range []flow.Addr{fl.SrcAddr, fl.DstAddr} {
			if asked := r.cache.claim(a, nil); asked != nil {
				r.cache.settle(asked, &entry{addr: a, name: "host.example.net", until: math.MaxInt64})
			}
		}
	}
	return r, b
}

func TestKnownNamesAllocateNothing(t *testing.T) {
	r, b := filled(t)
	_ = r.Process(context.Background(), b)
	require.Zero(t, r.unnamed.Load())
	now := time.Now().UnixNano()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for fl := range b.All() {
			r.name(fl.SrcAddr, now)
		}
	}))
}

// BenchmarkNames is the cost of finding both names of a flow, beside the floor: a map
// that nobody else may change.
func BenchmarkNames(b *testing.B) {
	r, batch := filled(b)
	byAddr := map[flow.Addr]string{}
	for fl := range batch.All() {
		byAddr[fl.SrcAddr], byAddr[fl.DstAddr] = "host.example.net", "host.example.net"
	}
	now := time.Now().UnixNano()
	sidebyside.Run(b, batch.Len(),
		sidebyside.Work{Unit: "ns/flow-floor", Do: func() {
			for fl := range batch.All() {
				_, _ = byAddr[fl.SrcAddr], byAddr[fl.DstAddr]
			}
		}},
		sidebyside.Work{Unit: "ns/flow", Do: func() {
			for fl := range batch.All() {
				r.name(fl.SrcAddr, now)
				r.name(fl.DstAddr, now)
			}
		}},
	)
}
