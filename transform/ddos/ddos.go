package ddos

import (
	"context"
	"math"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Detect returns a transform that finds DDoS attacks in the flows that pass, adds
// events to them, and marks the flows of attacks that go on.
func Detect(opts ...Option) pipeline.Transform {
	return pipeline.NewTransform("ddos", func() (pipeline.Transform, error) {
		c, err := newConfig(opts)
		if err != nil {
			return nil, err
		}
		g, err := c.groups()
		if err != nil {
			return nil, err
		}
		return &detector{config: c, groups: g}, nil
	})
}

// detector is the transform. It is neither concurrent nor forked: a prefix needs
// the flows to all its hosts in one place.
type detector struct {
	*config
	groups     *groups
	ports      *classOfPort
	table      *table
	candidates candidates
	judge      judge
	warmed     uint32 // keeps table.warm from being optimized away

	late, early, evicted, crowded, attacks, events *pipeline.Counter
}

// Extensions implements pipeline.Extended.
func (d *detector) Extensions() []flow.Extender { return Fields() }

// Interval implements pipeline.Ticker.
func (d *detector) Interval() time.Duration { return time.Duration(slotLen) }

// Open implements pipeline.Opener.
func (d *detector) Open(_ context.Context, env pipeline.Env) error {
	d.late, d.early = env.Counter("late"), env.Counter("early")
	d.evicted, d.crowded = env.Counter("evicted"), env.Counter("crowded")
	d.attacks, d.events = env.Counter("attacks"), env.Counter("events")
	d.ports = newClassOfPort()
	d.table = newTable(d.keys)
	d.candidates = candidates{most: d.config.candidates}
	d.judge = judge{rules: &d.rules, table: d.table}
	return nil
}

// warmRows is how many flows' hosts are looked for at the same time.
const warmRows = 64

// Process implements pipeline.Transform. It neither waits nor, once there are as
// many candidates as there ever are, allocates.
func (d *detector) Process(_ context.Context, b *flow.Batch) error {
	var hashes [warmRows]uint64
	flows, rows := b.Raw()
	for len(rows) > 0 {
		some := rows[:min(warmRows, len(rows))]
		rows = rows[len(some):]
		for i, r := range some {
			k := hostKey(flows[r].DstAddr, d.ports.classify(&flows[r]))
			hashes[i] = k.hash()
		}
		d.warmed += d.table.warm(hashes[:len(some)])
		for i, r := range some {
			d.flow(b, &flows[r], hashes[i])
		}
	}
	return nil
}

// flow counts a flow, and marks it when it belongs to an attack. host is the hash of
// its destination's key.
func (d *detector) flow(b *flow.Batch, fl *flow.Flow, host uint64) {
	if fl.RecordType != flow.RecordTypeFlow || !fl.Has(flow.FieldDstAddr) {
		return
	}
	g := d.groups.of((*[16]byte)(&fl.DstAddr))
	if g == nil {
		return
	}
	s, early, ok := placed(fl, b.Now())
	if early {
		d.early.Add(1)
	}
	if !ok {
		d.late.Add(1)
		return
	}
	if id := d.count(fl, g, d.ports.classify(fl), &s, host); id != 0 {
		AttackID.Set(b, fl, id)
	}
}

// measure returns what a record stands for.
func measure(fl *flow.Flow) sampled {
	m := sampled{counts{packets: float32(fl.Packets), bytes: float32(fl.Bytes), flows: 1}, float32(fl.Packets)}
	rate := float32(fl.SamplingRate)
	switch {
	case rate <= 1:
	case fl.Normalized != 0:
		m.samples /= rate
	default:
		m.packets *= rate
		m.bytes *= rate
	}
	return m
}

// count counts a flow for its destination and what is around it, and returns the
// attack that it belongs to; 0 if none.
func (d *detector) count(fl *flow.Flow, g *group, class Class, s *span, host uint64) (attack uint64) {
	m := measure(fl)
	for l := range level(numLevels) {
		if g.limits[l] == nil {
			continue
		}
		limit := &g.limits[l][class]
		if !limit.watched {
			continue
		}
		var k key
		hash := host
		switch l {
		case hosts:
			k = hostKey(fl.DstAddr, class)
		case prefixes:
			k = prefixKey(fl.DstAddr, class)
			hash = k.hash()
		default:
			k = g.network
			k.class = class
			hash = k.hash()
		}
		e := d.table.take(&k, hash, uint32(s.last))
		if e == nil {
			continue
		}
		if c := d.look(fl, e, &k, g, limit, m, s); c != nil && attack == 0 {
			attack = c.attack.id
		}
	}
	return attack
}

// look counts a flow for one key, and returns its candidate, if it is one.
func (d *detector) look(fl *flow.Flow, e *entry, k *key, g *group, l *limit, m sampled, s *span) *candidate {
	var c *candidate
	if e.candidate != 0 {
		c = d.candidates.of(e)
		c.ring.add(m, s, math.MaxInt64)
	} else {
		if !e.add(m.counts, s, l) {
			return nil
		}
		if c = d.candidates.add(e, k, l, g.name, s.last); c == nil {
			d.crowded.Add(1)
			return nil
		}
		c.ring.add(m, s, s.last-recent)
	}
	c.sources.add(s.last, &fl.SrcAddr, m.bytes)
	c.evidence.add(fl, fl.Packets, fl.Bytes)
	return c
}

// Tick implements pipeline.Ticker: it judges what is known up to now.
func (d *detector) Tick(_ context.Context, now int64, final bool, out *flow.Batch) (more bool, err error) {
	if d.judge.told() {
		d.judge.run(&d.candidates, now/slotLen, final)
		d.evicted.Add(d.table.evicted)
		d.table.evicted = 0
		d.attacks.Add(d.judge.started)
		d.judge.started = 0
		d.events.Add(uint64(len(d.judge.events)))
	}
	return d.judge.tell(out), nil
}
