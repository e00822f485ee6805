package pipeline

import "context"

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

// String draws the plan.
func (p *Plan) String() string {
	var d drawing
	for _, s := range p.sources {
		d.line("from " + specName(s))
	}
	d.route(p.path)
	return d.String()
}
