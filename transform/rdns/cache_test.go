package rdns

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// known puts an address in a cache.
func known(t *testing.T, c *cache, a flow.Addr, until int64) *entry {
	t.Helper()
	asked := c.claim(a, c.find(a))
	require.NotNil(t, asked)
	require.Same(t, asked, c.find(a))
	e := &entry{addr: a, name: a.String(), until: until}
	c.settle(asked, e)
	require.Same(t, e, c.find(a))
	return e
}

func TestTheAddressThatIsOverFirstMakesRoom(t *testing.T) {
	c := newCache(ways)
	for i := range byte(ways) {
		known(t, c, flow.Addr{15: i + 1}, 10+int64(i+2)%ways)
	}
	known(t, c, flow.Addr{15: 9}, 100)
	require.Nil(t, c.find(flow.Addr{15: 3}), "it ended at 10")
	for _, i := range []byte{1, 2, 4} {
		require.NotNil(t, c.find(flow.Addr{15: i}))
	}
}

func TestWhatIsOverIsAskedForInItsPlace(t *testing.T) {
	c := newCache(ways)
	old := known(t, c, flow.Addr{15: 1}, 10)
	known(t, c, flow.Addr{15: 2}, 1)
	asked := c.claim(flow.Addr{15: 1}, old)
	require.NotNil(t, asked)
	require.NotNil(t, c.find(flow.Addr{15: 2}))
	c.settle(asked, nil)
	require.Nil(t, c.find(flow.Addr{15: 1}))
}

func TestWhatIsBeingAskedForStays(t *testing.T) {
	c := newCache(ways)
	for i := range byte(ways) {
		require.NotNil(t, c.claim(flow.Addr{15: i + 1}, nil))
	}
	require.Nil(t, c.claim(flow.Addr{15: 9}, nil))
}

func TestSizes(t *testing.T) {
	for n, want := range map[int]int{4: 4, 5: 8, 8: 8, 9: 16, 1 << 16: 1 << 16, 1<<16 + 1: 1 << 17} {
		require.Equal(t, want, len(newCache(n).sets)*ways, n)
	}
}

func TestAllAtOnce(t *testing.T) {
	c := newCache(64)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for i := range 10_000 {
				a := flow.Addr{14: byte(i >> 8), 15: byte(i) | 1}
				e := c.find(a)
				if asked := c.claim(a, e); asked != nil {
					c.settle(asked, &entry{addr: a, until: int64(i + 1)})
				}
			}
		})
	}
	work.Wait()
	for i := range c.sets {
		for j := range c.sets[i] {
			if e := c.sets[i][j].Load(); e != nil {
				require.NotZero(t, e.until, "nothing is left half asked for")
			}
		}
	}
}

// TestNamesEnd has nobody answer: what is over is not told any more, and asked for
// again, once; without room in the queue it is left out.
func TestNamesEnd(t *testing.T) {
	r := &resolver{cache: newCache(ways), queue: make(chan *entry, 1), leftOut: new(pipeline.Counter)}
	a, b := flow.Addr{15: 1}, flow.Addr{15: 2}
	known(t, r.cache, a, 10)
	require.Equal(t, a.String(), r.name(a, 9))
	require.Empty(t, r.queue)
	require.Empty(t, r.name(a, 10))
	require.Empty(t, r.name(a, 11))
	require.Len(t, r.queue, 1)
	require.Zero(t, r.leftOut.Load())
	require.Empty(t, r.name(b, 11))
	require.EqualValues(t, 1, r.leftOut.Load())
	require.Nil(t, r.cache.find(b), "a later flow asks again")
}
