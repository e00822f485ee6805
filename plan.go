package pipeline

import (
	"context"
	"slices"

	"github.com/flowpipeline/pipeline/filter"
)

// Plan is a whole description of a pipeline. It is inert and immutable: it can
// be built and run any number of times, also at once. Stages that were given to
// it as values rather than as descriptions (NewSource and its like) are shared
// by everything that is built from it.
type Plan struct {
	sources []Source
	path    route
}

// Run builds the plan and runs it; see Pipeline.Run.
func (p *Plan) Run(ctx context.Context, opts ...Option) error {
	pl, err := p.Build(opts...)
	if err != nil {
		return err
	}
	return pl.Run(ctx)
}

// offer returns the filter that a single source may take over.
func (p *Plan) offer() (cond filter.Predicate, ok bool) {
	if len(p.sources) != 1 || len(p.path.ops) == 0 {
		return cond, false
	}
	f, ok := p.path.ops[0].(opFilter)
	return f.cond, ok && f.cond.Err() == nil
}

// filtered returns the path with another filter in place of its first step.
func (r route) filtered(rest filter.Predicate) route {
	if rest.IsAll() {
		return route{ops: r.ops[1:], end: r.end}
	}
	ops := slices.Clone(r.ops)
	ops[0] = opFilter{rest}
	return route{ops: ops, end: r.end}
}

// String draws the plan. What a source takes over of the filter behind it, see
// Pusher, stands below the source as "pushed".
func (p *Plan) String() string {
	var d drawing
	for _, s := range p.sources {
		d.line("from " + specName(s))
	}
	path := p.path
	if part, rest, ok := p.pushable(); ok {
		d.line("   pushed " + part.String())
		path = path.filtered(rest)
	}
	d.route(path)
	return d.String()
}

// pushable asks a single source what it takes over; ok is false for nothing. What
// is wrong with the source is for Build to tell.
func (p *Plan) pushable() (part, rest filter.Predicate, ok bool) {
	cond, ok := p.offer()
	if !ok {
		return part, rest, false
	}
	src, err := MakeSource(p.sources[0])
	pusher, ok := src.(Pusher)
	if err != nil || !ok {
		return part, rest, false
	}
	part, rest = pusher.Pushable(cond)
	return part, rest, !part.IsAll()
}
