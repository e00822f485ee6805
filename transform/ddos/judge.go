package ddos

import (
	"math"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

// judge decides which candidates are under attack.
type judge struct {
	rules *rules
	table *table

	sorted  []*candidate
	hosts   []*candidate // that explain some of the traffic to what is around them
	view    view
	events  []Event
	started uint64
}

// told reports whether all events were given out.
func (j *judge) told() bool { return len(j.events) == 0 }

// tell gives out events, and reports whether there are more.
func (j *judge) tell(out *flow.Batch) (more bool) {
	n := 0
	for n < len(j.events) && j.events[n].append(out) {
		n++
	}
	j.events = j.events[n:]
	return len(j.events) > 0
}

// run judges all candidates by the slots before now, in the order of their keys:
// hosts first, so that prefixes are judged without what single hosts explain.
func (j *judge) run(cs *candidates, now int64, final bool) {
	j.events, j.sorted, j.hosts = j.events[:0], j.sorted[:0], j.hosts[:0]
	for _, c := range cs.list {
		if c != nil {
			j.sorted = append(j.sorted, c)
		}
	}
	slices.SortFunc(j.sorted, func(a, b *candidate) int { return a.compare(&b.key) })
	to := now
	if final {
		to = now + 1 // what the last slot has is all that there will be
	}
	for _, c := range j.sorted {
		j.view.of(c, to)
		j.explain(c)
		if c.attack.id == 0 {
			j.start(c, now)
		} else {
			j.goOn(c, now)
		}
		if c.attack.id != 0 {
			j.end(c, now, final)
		}
		c.judged = now
		if c.level == hosts && (c.attack.id != 0 || c.explained != 0) {
			j.hosts = append(j.hosts, c)
		}
		if c.attack.id == 0 {
			c.refresh(now)
			if j.quiet(c, now) {
				cs.remove(c)
			}
		}
	}
}

// explain takes out of the view of a prefix what its hosts explain, where it matters.
func (j *judge) explain(c *candidate) {
	if c.level == hosts {
		return
	}
	if _, starts := j.view.starts(c.limit, j.rules); c.attack.id == 0 && !starts {
		return
	}
	for _, h := range j.hosts {
		if c.class == h.class && c.covers(h.addr) {
			j.view.explain(h)
		}
	}
}

// start tells of an attack that starts. Traffic of too few sources is not looked at
// again when there are more of them later.
func (j *judge) start(c *candidate, now int64) {
	first, ok := j.view.starts(c.limit, j.rules)
	if !ok {
		return
	}
	if !c.sources.enough(c.limit.sources, j.view.to-1) {
		c.since, c.explained = max(c.since, j.view.to-j.rules.among+1), j.view.to
		return
	}
	c.attack = attack{id: c.id(first), start: first, last: first, told: now, retired: first - 1}
	c.attack.follow(&j.view, c, j.rules)
	c.attack.severity = severity(c.attack.ratio)
	j.started++
	j.say(c, Start, now)
}

// goOn brings an attack up to date, and tells of it when it got worse or when it
// is time.
func (j *judge) goOn(c *candidate, now int64) {
	a := &c.attack
	a.follow(&j.view, c, j.rules)
	a.retire(&j.view, now)
	if worse := severity(a.ratio); worse > a.severity {
		a.severity = worse
		j.say(c, Update, now)
		return
	}
	if now-a.told >= j.rules.update && a.last > a.toldLast {
		j.say(c, Update, now)
	}
}

// end tells of an attack that is over, or, at the end of the run, that it is not.
func (j *judge) end(c *candidate, now int64, final bool) {
	switch {
	case now-c.attack.last > j.rules.hold:
		j.say(c, End, now)
		c.since, c.explained = c.ring.top+1, c.ring.top+1
		c.attack, c.evidence = attack{}, evidence{}
	case final && c.attack.told != now:
		j.say(c, Update, now)
	}
}

func (j *judge) say(c *candidate, p Phase, now int64) {
	c.attack.told, c.attack.toldLast = now, c.attack.last
	j.events = append(j.events, c.event(p, &j.view, now))
}

// quiet reports whether there is nothing left that makes the key a candidate.
func (j *judge) quiet(c *candidate, now int64) bool {
	if now-c.ring.top >= window {
		return true
	}
	for slot := max(c.ring.top-window, 0); slot <= c.ring.top; slot++ {
		if c.limit.exceededBy(c.ring.at(slot).counts, suspicion) {
			return false
		}
	}
	return true
}

// id names the attack that starts with a slot, the same in every run.
func (k *key) id(start int64) uint64 { return max(fold(k.hash(), uint64(start)), 1) }

// relativeError is that of an estimate that stands on so many samples, at a
// confidence of 95 %.
func relativeError(samples float32) float64 {
	if samples <= 0 {
		return 1
	}
	return 1.96 / math.Sqrt(float64(samples))
}
