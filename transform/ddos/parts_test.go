package ddos

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

func TestSketchEstimates(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 1000 { // addresses in a row
		var s sketch
		for i := range n {
			a := flow.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)})
			s.add(addrHash(&a))
		}
		require.InDelta(t, n, s.estimate(), 0.25*float64(n)+0.5, "%d", n)
	}
	for _, n := range []int{0, 1, 4, 16, 64, 300, 1000, 10_000, 1_000_000} {
		var s sketch
		for range n {
			a := flow.AddrFrom4([4]byte{100, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())})
			h := addrHash(&a)
			s.add(h)
			s.add(h) // again counts nothing
		}
		require.InDelta(t, n, s.estimate(), 0.2*float64(n)+0.5, "%d", n)
	}
}

func TestSourcesAreOfLately(t *testing.T) {
	var s sources
	for i := range 100 {
		a := flow.AddrFrom4([4]byte{100, 64, 0, byte(i)})
		s.add(10*generation, &a, 100)
	}
	require.InDelta(t, 100, s.estimate(11*generation), 15)
	require.Zero(t, s.estimate(12*generation))
}

// TestFewStrongSourcesAreNotMany shows 100 sources, four of which send the most.
func TestFewStrongSourcesAreNotMany(t *testing.T) {
	var few, many sources
	for i := range 100 {
		a := flow.AddrFrom4([4]byte{100, 64, 0, byte(i)})
		many.add(generation, &a, 1000)
		bytes := float32(10)
		if i < 4 {
			bytes = 1e6
		}
		few.add(generation, &a, bytes)
	}
	require.True(t, many.enough(64, generation))
	require.False(t, many.enough(200, generation))
	require.False(t, few.enough(16, generation))
	require.True(t, few.enough(1, generation))
	require.LessOrEqual(t, few.equals(generation), float32(4.1))
}

// TestSpreadAddsUp compares the ring with sums of parts of single flows.
func TestSpreadAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	first := begin / slotLen
	var got ring
	got.begin(first)
	want := map[int64]float64{}
	for range 1000 {
		start := begin + r.Int64N(50*slotLen)
		end := start + r.Int64N(1+r.Int64N(50*slotLen))
		s := spread(start, end)
		got.add(sampled{counts{packets: 100}, 1}, &s, s.last)
		for slot := start / slotLen; slot <= end/slotLen; slot++ {
			part := 1.0
			if end > start {
				part = float64(min(end, (slot+1)*slotLen)-max(start, slot*slotLen)) / float64(end-start)
			}
			want[slot] += 100 * part
		}
	}
	for slot, w := range want {
		require.InEpsilon(t, w, got.at(slot).packets, 1e-3)
	}
	require.Zero(t, got.at(first-1))
	require.Zero(t, got.at(got.top+1))
}

func TestRingForgets(t *testing.T) {
	var r ring
	r.begin(1000)
	one := spread(1000*slotLen, 1000*slotLen)
	r.add(sampled{counts{packets: 1}, 1}, &one, 1000)
	r.advance(1000 + ringSlots - 1)
	require.Equal(t, float32(1), r.at(1000).packets)
	r.advance(1000 + ringSlots)
	require.Zero(t, r.at(1000))
	require.Zero(t, r.at(1000+ringSlots))
	r.add(sampled{counts{packets: 1}, 1}, &one, 1000) // too old
	require.Zero(t, r.at(1000+ringSlots))
}

// TestHeavyKeysStay scans many addresses through a table that is too small.
func TestHeavyKeysStay(t *testing.T) {
	table := newTable(64)
	heavy := hostKey(flow.MustParseAddr("192.0.2.7"), UDP)
	var l limit
	for i := range 100_000 {
		s := spread(begin+int64(i)*1e5, begin+int64(i)*1e5)
		light := hostKey(flow.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), UDP)
		table.take(&light, light.hash(), uint32(s.last)).add(counts{packets: 1}, &s, &l)
		if i%10 == 0 {
			table.take(&heavy, heavy.hash(), uint32(s.last)).add(counts{packets: 100}, &s, &l)
		}
	}
	e := table.find(&heavy, heavy.hash())
	require.NotNil(t, e)
	// Ten seconds of 1000 flows of 100 packets a second: 50,000 in half of one.
	require.Equal(t, float32(50_000), slices.MaxFunc(e.slots[:], func(a, b counts) int { return int(a.packets - b.packets) }).packets)
	require.Greater(t, table.evicted, uint64(90_000))
}

// TestTableFindsWhatItHolds compares it with a map while it has room.
func TestTableFindsWhatItHolds(t *testing.T) {
	table := newTable(1 << 14)
	r := rand.New(rand.NewPCG(7, 8))
	want := map[key]float32{}
	var l limit
	s := spread(begin, begin)
	for range 20_000 {
		k := hostKey(flow.AddrFrom4([4]byte{10, 0, byte(r.IntN(8)), byte(r.Uint32())}), Class(r.IntN(2)))
		if r.IntN(2) == 0 {
			k = prefixKey(k.addr, k.class)
		}
		table.take(&k, k.hash(), uint32(s.last)).add(counts{packets: 1}, &s, &l)
		want[k]++
	}
	require.Zero(t, table.evicted)
	for k, n := range want {
		e := table.find(&k, k.hash())
		require.NotNil(t, e)
		require.Equal(t, n, e.slots[uint32(s.last)%recent].packets)
	}
}

// TestEvidenceDoesNotDependOnOrder shows a sample the same flows in two orders.
func TestEvidenceDoesNotDependOnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var list []flow.Flow
	for range 500 {
		var fl flow.Flow
		fl.SetSrcPort(uint16(r.IntN(100)))
		fl.SetPackets(1 + r.Uint64N(5))
		list = append(list, fl)
	}
	var one, other evidence
	for i := range list {
		one.add(&list[i], list[i].Packets, 1)
		back := &list[len(list)-1-i]
		other.add(back, back.Packets, 1)
	}
	require.Equal(t, one, other)
	require.Equal(t, MaxEvidence, one.n)
}

func TestCandidatesAreBoundedAndComeBack(t *testing.T) {
	slot := begin / slotLen
	table, cs := newTable(64), candidates{most: 2}
	k := [3]key{}
	for i := range k {
		k[i] = hostKey(flow.AddrFrom4([4]byte{10, 0, 0, byte(i)}), UDP)
	}
	a := cs.add(table.take(&k[0], k[0].hash(), uint32(slot)), &k[0], new(limit), "", slot)
	b := cs.add(table.take(&k[1], k[1].hash(), uint32(slot)), &k[1], new(limit), "", slot)
	require.NotNil(t, b)
	require.Nil(t, cs.add(table.take(&k[2], k[2].hash(), uint32(slot)), &k[2], new(limit), "", slot))
	cs.remove(a)
	c := cs.add(table.take(&k[2], k[2].hash(), uint32(slot)), &k[2], new(limit), "", slot)
	require.Same(t, a, c) // its memory
	require.Equal(t, k[2], c.key)
	require.Same(t, c, cs.of(table.take(&k[2], k[2].hash(), uint32(slot))))
}
