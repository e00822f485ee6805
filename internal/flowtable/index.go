package flowtable

import "github.com/flowpipeline/pipeline/internal/packet"

// index finds records by key: open addressing with linear probing, at most
// three quarters full. A slot keeps 32 bits of the hash, so that growing and
// removing touch no record.
type index struct {
	slots []slot
	mask  uint32
	count int
	seed  uint64
}

type slot struct {
	tag uint32
	ref ref // 0 when free
}

const minSlots = 1 << 10

func newIndex(seed uint64) index {
	return index{slots: make([]slot, minSlots), mask: minSlots - 1, seed: seed}
}

func (x *index) tag(k *packet.Key) uint32 { return uint32(k.Hash(x.seed) >> 32) }

func (x *index) find(s *slab[record], tag uint32, k *packet.Key) ref {
	for i := tag & x.mask; ; i = (i + 1) & x.mask {
		e := x.slots[i]
		if e.ref == 0 {
			return 0
		}
		if e.tag == tag && s.at(e.ref).key == *k {
			return e.ref
		}
	}
}

func (x *index) insert(tag uint32, r ref) {
	if x.count*4 >= len(x.slots)*3 {
		x.grow()
	}
	x.count++
	x.place(slot{tag, r})
}

func (x *index) place(e slot) {
	i := e.tag & x.mask
	for x.slots[i].ref != 0 {
		i = (i + 1) & x.mask
	}
	x.slots[i] = e
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, 2*len(old))
	x.mask = uint32(len(x.slots) - 1)
	for _, e := range old {
		if e.ref != 0 {
			x.place(e)
		}
	}
}

// clear takes out all entries.
func (x *index) clear() {
	clear(x.slots)
	x.count = 0
}

// remove takes out an entry and moves back those that it had pushed on.
func (x *index) remove(tag uint32, r ref) {
	i := tag & x.mask
	for x.slots[i].ref != r {
		i = (i + 1) & x.mask
	}
	x.count--
	for j := i; ; {
		j = (j + 1) & x.mask
		e := x.slots[j]
		if e.ref == 0 {
			break
		}
		// e may move to i unless its home lies behind i, up to j.
		if home := e.tag & x.mask; (j-home)&x.mask >= (j-i)&x.mask {
			x.slots[i] = e
			i = j
		}
	}
	x.slots[i] = slot{}
}
