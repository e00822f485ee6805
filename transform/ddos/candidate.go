package ddos

// candidate is a key with enough traffic to be looked at closely.
type candidate struct {
	key
	entry *entry // that points here
	limit *limit
	name  string // of the network around it

	ring     ring
	sources  sources
	evidence evidence

	judged int64 // slot before which traffic was judged
	since  int64 // slot before which traffic starts no attack any more

	// explained is the slot before which a host's traffic does not count for what
	// is around it; 0 for none.
	explained int64

	fresh  int64 // slot since which evidence is gathered
	attack attack
}

// candidates are a bounded number of them. Memory is made when it is first needed,
// and used again.
type candidates struct {
	list []*candidate // by place; nil where there is none
	free []uint32     // places that have none
	idle []*candidate // memory
	most int
}

// add makes an entry a candidate, and returns nil when there is no room.
func (cs *candidates) add(e *entry, k *key, l *limit, name string, slot int64) *candidate {
	var place uint32
	switch {
	case len(cs.free) > 0:
		place = cs.free[len(cs.free)-1]
		cs.free = cs.free[:len(cs.free)-1]
	case len(cs.list) < cs.most:
		place = uint32(len(cs.list))
		cs.list = append(cs.list, nil)
	default:
		return nil
	}
	var c *candidate
	if n := len(cs.idle); n > 0 {
		c, cs.idle = cs.idle[n-1], cs.idle[:n-1]
	} else {
		c = new(candidate)
	}
	*c = candidate{key: *k, entry: e, limit: l, name: name, ring: ring{top: slot}, fresh: slot}
	cs.list[place] = c
	e.candidate = place + 1
	c.inherit()
	return c
}

// inherit takes over what the entry knows of its latest slots. Of each record one
// packet at least was seen.
func (c *candidate) inherit() {
	e := c.entry
	behind := int64(int32(uint32(c.ring.top) - e.top))
	top := c.ring.top - behind
	if behind < 0 {
		c.ring.advance(top)
	}
	for slot := top - recent + 1; slot <= top; slot++ {
		n := e.slots[uint32(slot)%recent]
		if slot > c.ring.top-ringSlots {
			c.ring.slots[slot%ringSlots].add(sampled{n, n.flows}, 1)
		}
	}
}

// refresh forgets old evidence, so that an attack shows its own.
func (c *candidate) refresh(now int64) {
	if now-c.fresh >= generation {
		c.evidence, c.fresh = evidence{}, now
	}
}

// of returns the candidate of an entry.
func (cs *candidates) of(e *entry) *candidate { return cs.list[e.candidate-1] }

// remove makes a candidate's entry one of the many again.
func (cs *candidates) remove(c *candidate) {
	place := c.entry.candidate - 1
	c.entry.candidate, c.entry.slots, c.entry.top = 0, [recent]counts{}, uint32(c.ring.top)
	cs.list[place] = nil
	cs.free = append(cs.free, place)
	cs.idle = append(cs.idle, c)
}
