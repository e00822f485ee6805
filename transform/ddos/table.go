package ddos

import "math/bits"

// ways is how many keys share one place of the table.
const ways = 8

// recent is how many slots are kept of a key that is no candidate.
const recent = 3

// entry is a key with the little that is kept of it while nothing suggests an
// attack: a line of the cache.
type entry struct {
	addr      [16]byte
	slots     [recent]counts
	top       uint32 // the latest slot, modulo 2^32
	candidate uint32 // its place among the candidates, from 1 on
	bits      uint8
	level     level
	class     Class
}

// table holds keys, each in one of the ways of the place that its hash points to,
// so that its size is bounded and known. When all ways are taken, the key with the
// least traffic gives way: a scan of many addresses displaces others of its kind,
// and never a host that is flooded.
type table struct {
	tags    []tags // of the hashes
	entries [][ways]entry
	mask    uint64
	evicted uint64 // keys that gave way
}

// tags tell the ways of a place apart without a look at the keys; 0 is free.
type tags [ways]uint8

// having returns the ways that have a tag, a bit each.
func (t *tags) having(tag uint8) (ways uint8) {
	for i, has := range t {
		if has == tag {
			ways |= 1 << i
		}
	}
	return ways
}

// newTable makes a table for at least n keys.
func newTable(n int) *table {
	places := 1
	for places*ways < n {
		places *= 2
	}
	return &table{tags: make([]tags, places), entries: make([][ways]entry, places), mask: uint64(places - 1)}
}

// find returns the entry of a key, and nil if there is none.
func (t *table) find(k *key, hash uint64) *entry {
	place := hash & t.mask
	for has := t.tags[place].having(uint8(hash>>56) | 1); has != 0; has &= has - 1 {
		if e := &t.entries[place][bits.TrailingZeros8(has)]; e.is(k) {
			return e
		}
	}
	return nil
}

// warm brings what take will look at into the cache, for many keys at the same time:
// nothing here waits for what was read before, as takes in a row do. What it returns
// means nothing.
func (t *table) warm(hashes []uint64) (read uint32) {
	for _, hash := range hashes {
		read += uint32(t.tags[hash&t.mask][0])
	}
	for _, hash := range hashes {
		place := hash & t.mask
		way := bits.TrailingZeros8(t.tags[place].having(uint8(hash>>56)|1)) % ways
		read += t.entries[place][way].top
	}
	return read
}

// take returns the entry of a key, made if there is none; nil when all ways are
// taken by keys that are candidates. slot is that of the traffic.
func (t *table) take(k *key, hash uint64, slot uint32) *entry {
	if e := t.find(k, hash); e != nil {
		return e
	}
	place := hash & t.mask
	set := &t.entries[place]
	best, least := -1, float32(0)
	for i := range set {
		e := &set[i]
		if t.tags[place][i] == 0 {
			best = i
			break
		}
		if e.candidate != 0 {
			continue
		}
		if w := e.weight(slot); best < 0 || w < least {
			best, least = i, w
		}
	}
	if best < 0 {
		t.evicted++
		return nil
	}
	e := &set[best]
	if t.tags[place][best] != 0 && least > 0 {
		t.evicted++
	}
	t.tags[place][best] = uint8(hash>>56) | 1
	*e = entry{addr: k.addr, bits: k.bits, level: k.level, class: k.class, top: slot}
	return e
}

func (e *entry) is(k *key) bool {
	return e.addr == k.addr && e.bits == k.bits && e.level == k.level && e.class == k.class
}

// weight is how much there was of a key in its latest slots; 0 when they are over.
func (e *entry) weight(slot uint32) float32 {
	if int32(slot-e.top) >= recent {
		return 0
	}
	var w float32
	for i := range e.slots {
		w += e.slots[i].packets
	}
	return w
}

// add counts what of a flow falls into the latest slots, and reports whether one
// of them is above a part of the limit.
func (e *entry) add(c counts, s *span, l *limit) bool {
	last := uint32(s.last)
	if ahead := int32(last - e.top); ahead > 0 {
		for i := uint32(1); i <= min(uint32(ahead), recent); i++ {
			e.slots[(last-min(uint32(ahead), recent)+i)%recent] = counts{}
		}
		e.top = last
	}
	suspect := false
	for slot := max(s.first, s.last-recent+1); slot <= s.last; slot++ {
		if int32(e.top-uint32(slot)) >= recent {
			continue
		}
		n := &e.slots[uint32(slot)%recent]
		n.add(c, s.share(slot))
		suspect = suspect || l.exceededBy(*n, suspicion)
	}
	return suspect
}

// suspicion is the part of a limit from which on a key is a candidate.
const suspicion = 1.0 / 8
