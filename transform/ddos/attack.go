package ddos

// attack is what is known of a candidate's attack while it goes on.
type attack struct {
	id       uint64 // 0 when there is none
	start    int64  // its first slot
	last     int64  // its latest slot above the level that clears it
	told     int64  // slot of the latest event
	toldLast int64  // last as the latest event had it
	retired  int64  // slots up to here are in total
	total    counts
	peak     counts
	now      counts // mean of a slot
	error    float64
	sources  int
	ratio    float32 // of the greatest mean to the limit
	severity Severity
}

// view are the slots [from, to) of a candidate that are judged, without what other
// attacks explain.
type view struct {
	from, to int64
	slots    [window]sampled
}

// of fills the view with what a candidate counted before a slot.
func (v *view) of(c *candidate, to int64) {
	v.to = min(to, c.ring.top+1)
	v.from = max(v.to-window, c.judged-window, c.since, 0)
	for slot := v.from; slot < v.to; slot++ {
		v.slots[slot-v.from] = c.ring.at(slot)
	}
}

// explain takes out what went to a host that is under attack, or what it had before
// its attack was over or it was found to have too few sources for one.
func (v *view) explain(o *candidate) {
	to := v.to
	if o.attack.id == 0 {
		to = min(to, o.explained)
	}
	for slot := v.from; slot < to; slot++ {
		s, is := &v.slots[slot-v.from], o.ring.at(slot)
		s.packets = max(s.packets-is.packets, 0)
		s.bytes = max(s.bytes-is.bytes, 0)
		s.flows = max(s.flows-is.flows, 0)
		s.samples = max(s.samples-is.samples, 0)
	}
}

// starts looks for the first time that enough of a few slots in a row are above
// the limit, on enough samples, and returns the first of these slots.
func (v *view) starts(l *limit, r *rules) (int64, bool) {
	for from := v.from; from < v.to; from++ {
		if !v.slots[from-v.from].above(l) {
			continue
		}
		above, samples := 0, float32(0)
		for slot := from; slot < min(from+r.among, v.to); slot++ {
			s := &v.slots[slot-v.from]
			if s.above(l) {
				above++
				samples += s.samples
			}
		}
		if above >= r.above && samples >= r.samples {
			return from, true
		}
	}
	return 0, false
}

// follow brings an attack up to date with the slots of a view.
func (a *attack) follow(v *view, c *candidate, r *rules) {
	for slot := max(v.from, a.start); slot < v.to; slot++ {
		s := &v.slots[slot-v.from]
		if c.limit.exceededBy(s.counts, r.clear) {
			a.last = max(a.last, slot)
		}
	}
	a.measure(v, c.limit, r)
	for slot := max(v.from, a.start); slot < v.to; slot++ {
		s := &v.slots[slot-v.from]
		a.peak.packets = max(a.peak.packets, s.packets)
		a.peak.bytes = max(a.peak.bytes, s.bytes)
		a.peak.flows = max(a.peak.flows, s.flows)
	}
	a.sources = max(a.sources, c.sources.estimate(v.to-1))
}

// measure takes the mean of the latest slots of the attack, while the view has them
// all.
func (a *attack) measure(v *view, l *limit, r *rules) {
	from := max(a.last-r.among+1, a.start)
	if from < v.from {
		return
	}
	var recent sampled
	n := 0
	for slot := from; slot <= a.last; slot++ {
		if s := &v.slots[slot-v.from]; l.exceededBy(s.counts, r.clear) {
			recent.add(*s, 1)
			n++
		}
	}
	a.now = counts{}
	a.now.add(recent.counts, 1/float32(max(n, 1)))
	a.error = relativeError(recent.samples)
	if n >= r.above {
		a.ratio = max(a.ratio, l.ratio(a.now))
	}
}

// retire adds to the total the slots that will not be judged again after now.
func (a *attack) retire(v *view, now int64) {
	for slot := max(a.retired+1, v.from); slot < min(v.to, now-window+1); slot++ {
		a.total.add(v.slots[slot-v.from].counts, 1)
		a.retired = slot
	}
}

// sum returns what the attack brought in all.
func (a *attack) sum(v *view) counts {
	sum := a.total
	for slot := max(v.from, a.start, a.retired+1); slot <= min(a.last, v.to-1); slot++ {
		sum.add(v.slots[slot-v.from].counts, 1)
	}
	return sum
}
