package pipeline

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// Build makes the plan into a pipeline. It does no input or output. It reports
// every mistake in the plan, the stages' arguments and the options at once, as
// joined StageErrors.
func (p *Plan) Build(opts ...Option) (*Pipeline, error) {
	c := &builder{set: defaults(), pl: &Pipeline{plan: p}, made: map[any]any{}, owners: map[any]*node{}, names: map[string]int{}}
	for _, o := range opts {
		c.mistake("pipeline", o(&c.set))
	}
	c.section = &section{}
	c.pl.sections = []*section{c.section}
	path := c.takePush(p)
	c.sources(p.sources)
	c.section.path = c.route(path, nil, true)
	c.finish()
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	return c.pl, nil
}

// builder holds what Build has found so far.
type builder struct {
	set     settings
	pl      *Pipeline
	section *section      // that the steps belong to
	made    map[any]any   // node by stage or description, for one that stands twice
	owners  map[any]*node // node by instance
	names   map[string]int
	only    *resolved      // the source, when there is one that was offered a filter
	late    []func() error // what needs the layout
	errs    []error
}

func (c *builder) mistake(stage string, err error) bool {
	if err == nil {
		return false
	}
	var se *StageError
	if !errors.As(err, &se) {
		err = &StageError{Stage: stage, Op: "build", Err: err}
	}
	c.errs = append(c.errs, err)
	return true
}

// newNode adds a stage. Its name is made unique by a number.
func (c *builder) newNode(kind, name string) *node {
	n := &node{}
	c.initNode(n, kind, name)
	return n
}

func (c *builder) initNode(n *node, kind, name string) {
	c.names[name]++
	if count := c.names[name]; count > 1 {
		name += " #" + strconv.Itoa(count)
	}
	n.name, n.kind, n.index, n.fatal, n.observer = name, kind, len(c.pl.nodes), true, &c.set.observer
	c.pl.nodes = append(c.pl.nodes, n)
}

func (c *builder) addInstance(n *node, stage any) {
	n.instances = append(n.instances, stage)
	if k := key(stage); k != nil {
		if owner := c.owners[k]; owner != nil && owner != n {
			c.mistake(n.name, fmt.Errorf("the same stage stands in the plan as %s %q", owner.kind, owner.name))
		}
		c.owners[k] = n
	}
	if x, ok := stage.(Extended); ok {
		c.set.extensions = append(c.set.extensions, x.Extensions()...)
	}
}

func (c *builder) lanes() int { return len(c.section.lanes) }

func (c *builder) addLane() *lane {
	l := &lane{id: len(c.section.lanes), section: c.section}
	l.watermark.Store(notBegun)
	c.section.lanes = append(c.section.lanes, l)
	return l
}

// sources makes the sources and a lane for each part of each.
func (c *builder) sources(list []Source) {
	if len(list) == 0 {
		c.mistake("from", errors.New("a plan needs a source"))
	}
	replays := len(list) > 0
	for _, s := range list {
		sn := &sourceNode{}
		name, src, err := c.source(s)
		c.initNode(&sn.node, kindSource, name)
		if err == nil && c.seen(s, sn) != nil {
			err = errors.New("the same source stands twice")
		}
		if c.mistake(sn.name, err) {
			continue
		}
		r, ok := src.(Replayer)
		replays = replays && ok && r.Replays()
		sn.parts = []Source{src}
		if sp, ok := src.(Splitter); ok && c.set.lanes > 1 {
			if sn.parts, err = sp.Split(c.set.lanes); err == nil && len(sn.parts) == 0 {
				err = errors.New("split into nothing")
			}
			c.mistake(sn.name, err)
		}
		c.addInstance(&sn.node, src)
		for _, part := range sn.parts {
			if k := key(part); len(sn.parts) > 1 && (k == nil || k != key(src)) {
				c.addInstance(&sn.node, part)
			}
			l := c.addLane()
			l.source, l.reader = sn, part
		}
		c.pl.sources = append(c.pl.sources, sn)
	}
	switch {
	case c.set.clock != nil:
	case replays:
		c.set.clock = EventClock()
	default:
		c.set.clock = WallClock()
	}
	if c.lanes() == 0 {
		c.addLane() // so that the rest of the plan is checked too
	}
}

// takePush hands the filter that follows a single source to that source, as far
// as it can take it, and returns the path that is left.
func (c *builder) takePush(p *Plan) route {
	cond, ok := p.offer()
	if !ok {
		return p.path
	}
	name, src, err := resolveSource(p.sources[0])
	c.only = &resolved{name, src, err}
	pusher, ok := src.(Pusher)
	if err != nil || !ok {
		return p.path
	}
	part, rest := pusher.Pushable(cond)
	if !part.IsAll() && c.mistake(name, pusher.Push(part)) {
		return p.path
	}
	return p.path.filtered(rest)
}

// resolved is a source that was made already, to be offered a filter.
type resolved struct {
	name string
	src  Source
	err  error
}

func (c *builder) source(s Source) (string, Source, error) {
	if r := c.only; r != nil {
		return r.name, r.src, r.err
	}
	return resolveSource(s)
}

// seen returns what was made of a stage that stands in the plan twice, and
// remembers n for the next time.
func (c *builder) seen(stage, n any) any {
	k := key(stage)
	if k == nil {
		return nil
	}
	if old, ok := c.made[k]; ok {
		return old
	}
	c.made[k] = n
	return nil
}

// key identifies a stage or description that is a pointer; nil for a plain value
// or function, and for a pointer to nothing, which have no identity.
func key(stage any) any {
	if v := reflect.ValueOf(stage); v.IsValid() && v.Kind() == reflect.Pointer && v.Type().Elem().Size() > 0 {
		return stage
	}
	return nil
}

// route compiles a path. up is what follows it when it has no end.
func (c *builder) route(r route, up *continuation, main bool) sequence {
	var seq sequence
	var conts []*continuation // what follows each step; known once all are there
	if r.end != nil {
		up = nil
	}
	add := func(st step, after *continuation) {
		if st != nil {
			seq, conts = append(seq, st), append(conts, after)
		}
	}
	for i, o := range r.ops {
		after := &continuation{up: up}
		if o, ok := o.(opRepartition); ok && main {
			add(c.repartition(o, route{ops: r.ops[i+1:], end: r.end}), after)
			settle(seq, conts)
			return seq
		}
		add(c.step(o, after, r.end != nil || i < len(r.ops)-1), after)
	}
	if r.end != nil {
		add(c.end(r.end), &continuation{})
	} else if up == nil {
		c.mistake("plan", errors.New("a path has no end: add To, Tee or Switch"))
	}
	settle(seq, conts)
	return seq
}

// settle tells each continuation what follows its step.
func settle(seq sequence, conts []*continuation) {
	for i, cont := range conts {
		cont.rest = seq[i+1:]
	}
}

// step compiles one step of a path; nil when there was a mistake in it.
// continues says that something follows.
func (c *builder) step(o op, after *continuation, continues bool) step {
	switch o := o.(type) {
	case opFilter:
		return c.filter(o)
	case opThrough:
		return c.transform(o.t, after)
	case opBranch:
		return c.branch("branch", o.arms, after, continues)
	case opRepartition:
		c.mistake("repartition", errors.New("can only stand on the main path"))
	}
	return nil
}

func (c *builder) filter(o opFilter) step {
	st := &filterStep{node: c.newNode(kindFilter, "filter "+o.cond.String())}
	st.byLane = c.selectors(st.node, o.cond)
	return st
}

// selectors compiles a condition for each lane, once the layout is known.
func (c *builder) selectors(n *node, cond filter.Predicate) []*filter.Selector {
	byLane := make([]*filter.Selector, c.lanes())
	if c.mistake(n.name, cond.Err()) {
		return byLane
	}
	c.late = append(c.late, func() error {
		for i := range byLane {
			sel, err := cond.Compile(c.pl.layout)
			if c.mistake(n.name, err) {
				return nil
			}
			byLane[i] = sel
		}
		return nil
	})
	return byLane
}

func (c *builder) transform(t Transform, after *continuation) step {
	if old, ok := c.made[key(t)].(*transformStep); ok && key(t) != nil {
		if old.section != c.section || len(old.byLane) > 0 && old.byLane[0].ticker != nil {
			c.mistake(old.name, errors.New("the same transform stands twice, which one that ticks or that a repartition parts cannot"))
		}
		return &transformStep{node: old.node, section: old.section, byLane: old.byLane, after: after}
	}
	name, tr, err := resolveTransform(t)
	st := &transformStep{node: c.newNode(kindTransform, name), section: c.section, after: after}
	c.seen(t, st)
	if c.mistake(st.name, err) {
		return nil
	}
	st.byLane = c.instances(st.node, tr)
	c.pl.transforms = append(c.pl.transforms, st)
	if st.byLane[0].ticker != nil {
		c.section.tickers = append(c.section.tickers, st)
	}
	return st
}

// instances makes what each lane works with: forks, or one instance for all.
func (c *builder) instances(n *node, t Transform) []*instance {
	byLane := make([]*instance, c.lanes())
	first := newInstance(t)
	c.addInstance(n, t)
	forker, forks := t.(Forker)
	for i := range byLane {
		byLane[i] = first
		if i == 0 || !forks {
			continue
		}
		fork, err := forker.Fork()
		if err == nil {
			err = checkStage(fork)
		}
		if c.mistake(n.name, err) {
			continue
		}
		byLane[i] = newInstance(fork)
		c.addInstance(n, fork)
	}
	if c.lanes() > 1 && !forks {
		first.lock = lockAll
		if con, ok := t.(Concurrent); ok && con.Concurrent() {
			first.lock = lockShared
		}
		n.serialised = first.lock == lockAll
	}
	return byLane
}

func newInstance(t Transform) *instance {
	i := &instance{t: t}
	if tk, ok := t.(Ticker); ok {
		i.ticker, i.interval = tk, int64(tk.Interval())
	}
	return i
}

// branch compiles a Branch, or a Switch if nothing can come after.
func (c *builder) branch(name string, arms []Arm, after *continuation, continues bool) step {
	st := &branchStep{node: c.newNode(kindBranch, name), scratch: make([]branchScratch, c.lanes()), ends: after == nil}
	if len(arms) == 0 {
		c.mistake(st.name, errors.New("no arms"))
	}
	open := true
	for i, a := range arms {
		if a.otherwise && i < len(arms)-1 {
			c.mistake(st.name, errors.New("otherwise must be the last arm"))
		}
		arm := armStep{node: c.newNode(kindArm, a.String())}
		if !a.otherwise {
			arm.byLane = c.selectors(arm.node, a.cond)
		}
		if a.to == nil {
			c.mistake(arm.name, errors.New("the arm leads nowhere"))
			continue
		}
		r := a.to.route()
		arm.ends = r.end != nil
		if !arm.ends && st.ends {
			c.mistake(arm.name, errors.New("an arm of a switch must end: add To, Tee or Switch"))
			continue
		}
		arm.path = c.route(r, after, false)
		if a.otherwise && arm.ends && allEnd(arms) {
			open = false
		}
		st.arms = append(st.arms, arm)
	}
	if !open && continues && !st.ends {
		c.mistake(st.name, errors.New("nothing comes back from it, so what follows is never reached: use Switch, or Tee for both"))
	}
	return st
}

func allEnd(arms []Arm) bool {
	return !slices.ContainsFunc(arms, func(a Arm) bool { return a.to == nil || a.to.route().end == nil })
}

// repartition compiles the rest of the main path into a section of its own.
func (c *builder) repartition(o opRepartition, rest route) step {
	n := c.newNode(kindRepartition, fmt.Sprintf("repartition %d", o.n))
	c.mistake(n.name, atLeast("lanes", o.n, 1))
	lanes := max(o.n, 1)
	next := &section{}
	c.section.told.Store(notBegun)
	st := &repartitionStep{node: n, by: o.by, to: next, rows: make([][][]uint16, c.lanes())}
	n.meter.queued = st.queued
	for i := range st.rows {
		st.rows[i] = make([][]uint16, lanes)
	}
	c.late = append(c.late, func() error {
		for _, f := range o.by {
			if c.pl.layout.Info(f) == nil {
				return &StageError{Stage: n.name, Op: "build", Err: fmt.Errorf("no field %d", f)}
			}
		}
		return nil
	})
	before := c.section
	next.from, before.next, c.section = st, next, next
	c.pl.sections = append(c.pl.sections, next)
	for range lanes {
		c.addLane()
		next.in = append(next.in, make(chan message, queueDepth))
	}
	next.path = c.route(rest, nil, true)
	c.section = before
	return st
}

// end compiles what a path ends in.
func (c *builder) end(o op) step {
	switch o := o.(type) {
	case opTo:
		if len(o.sinks) == 1 {
			return sinkStep{c.sink(o.sinks[0], nil, true)}
		}
		ends := make([]End, len(o.sinks))
		for i, s := range o.sinks {
			ends[i] = To(s)
		}
		return c.tee("to", ends)
	case opTee:
		return c.tee("tee", o.ends)
	case opSwitch:
		return c.branch("switch", o.arms, nil, false)
	}
	return nil
}

func (c *builder) tee(name string, ends []End) step {
	st := &teeStep{node: c.newNode(kindTee, name)}
	if len(ends) == 0 {
		c.mistake(st.name, errors.New("no sinks"))
	}
	for _, e := range ends {
		if e.path.end == nil {
			c.mistake(st.name, errors.New("a path has no end: add To, Tee or Switch"))
			continue
		}
		path := c.route(e.path, nil, false)
		st.paths = append(st.paths, teePath{path, writes(path)})
	}
	return st
}

// writes reports whether a path may change flows.
func writes(path sequence) bool {
	return slices.ContainsFunc(path, func(st step) bool {
		switch st := st.(type) {
		case *transformStep:
			if len(st.byLane) == 0 {
				return false
			}
			ro, ok := st.byLane[0].t.(ReadOnly)
			return !ok || !ro.ReadsOnly()
		case *branchStep:
			return slices.ContainsFunc(st.arms, func(a armStep) bool { return writes(a.path) })
		case *teeStep:
			return slices.ContainsFunc(st.paths, func(p teePath) bool { return p.writes })
		}
		return false
	})
}

// sink makes a sink, and those that it wraps.
func (c *builder) sink(s Sink, above *sinkNode, fatal bool) *sinkNode {
	if old, ok := c.made[key(s)].(*sinkNode); ok && key(s) != nil {
		if old.above != above {
			c.mistake(old.name, errors.New("the same sink stands alone and inside another"))
		}
		return old
	}
	sn := &sinkNode{above: above}
	name, sk, err := resolveSink(s)
	w, wraps := sk.(sinkWrapper)
	c.initNode(&sn.node, kindSink, name)
	c.pl.sinks = append(c.pl.sinks, sn)
	sn.fatal = fatal
	if above != nil {
		sn.parent = &above.node
	}
	if c.mistake(sn.name, err) {
		return sn
	}
	c.seen(s, sn)
	if wraps {
		c.mistake(sn.name, w.check())
		// The wrapper opens and closes before what it wraps, so that a queue
		// empties into a sink that is still open.
		slot := len(sn.instances)
		sn.instances = append(sn.instances, nil)
		var in []*sinkNode
		for i, s := range w.inner() {
			in = append(in, c.sink(s, sn, fatal && !w.handles(i)))
		}
		sk = w.bind(sn, in)
		sn.instances[slot] = sk
	} else {
		c.addInstance(&sn.node, sk)
	}
	sn.sink = sk
	if con, ok := sk.(Concurrent); !ok || !con.Concurrent() {
		sn.mu = new(sync.Mutex)
		sn.serialised = c.lanes() > 1
	}
	return sn
}

// finish makes the layout and what depends on it.
func (c *builder) finish() {
	layout, err := flow.NewLayout(c.set.extensions...)
	c.mistake("pipeline", err)
	c.pl.layout = layout
	for _, fn := range c.late {
		c.mistake("pipeline", fn())
	}
	for _, n := range c.pl.nodes {
		c.mistake(n.name, n.each(func(in any) error {
			if b, ok := in.(Binder); ok {
				return b.Bind(layout)
			}
			return nil
		}))
	}
	c.pl.symbols = c.set.symbols
	if c.pl.symbols == nil {
		c.pl.symbols = flow.NewSymbols(0)
	}
	c.pl.set = c.set
}
