package pipeline

import (
	"slices"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
)

// Stream is a plan that still needs an end: sources and the steps behind them.
// Every method returns a new Stream and leaves the old one as it was, so a
// common beginning can be used several times.
type Stream struct {
	sources []Source
	path    route
}

// Path is a piece of a plan without a source: the route of an arm that goes
// back to the main path, or the beginning of one that ends.
type Path struct{ path route }

// End is a piece of a plan without a source that ends in sinks.
type End struct{ path route }

// Route is a Path or an End.
type Route interface{ route() route }

// Arm is one way out of a Branch or a Switch.
type Arm struct {
	cond      filter.Predicate
	otherwise bool
	to        Route
}

// route is a sequence of steps; end is nil if it can go on.
type route struct {
	ops []op
	end op
}

// op is one step as the builder wrote it down.
type op interface{ draw(d *drawing) }

type (
	opFilter      struct{ cond filter.Predicate }
	opThrough     struct{ t Transform }
	opBranch      struct{ arms []Arm }
	opRepartition struct {
		n  int
		by []flow.Field
	}
	opTo     struct{ sinks []Sink }
	opTee    struct{ ends []End }
	opSwitch struct{ arms []Arm }
)

func (r route) then(ops ...op) route {
	return route{ops: append(slices.Clip(r.ops), ops...)}
}

func (r route) finish(end op) route { return route{ops: slices.Clip(r.ops), end: end} }

func (r route) through(ts []Transform) route {
	for _, t := range ts {
		r = r.then(opThrough{t})
	}
	return r
}

func (p Path) route() route { return p.path }
func (e End) route() route  { return e.path }

// From begins a plan with one or more sources. Each is read on a lane of its
// own, or on several if it can be split and WithLanes asks for them.
func From(sources ...Source) Stream { return Stream{sources: slices.Clone(sources)} }

// Filter lets only the flows that match p go on. The others are counted as
// filtered.
func (s Stream) Filter(p filter.Predicate) Stream { return s.with(s.path.then(opFilter{p})) }

// Through sends the flows through transforms, in order.
func (s Stream) Through(ts ...Transform) Stream { return s.with(s.path.through(ts)) }

// Branch sends each flow down the first arm that matches. Flows come back from
// an arm that is a Path, in the order they had; from an arm that is an End they
// do not. Flows that match no arm go on.
func (s Stream) Branch(arms ...Arm) Stream { return s.with(s.path.then(branch(arms))) }

// Repartition hands the flows to n lanes, chosen by a hash of the given fields,
// so that flows with equal values meet on one lane. Transforms behind it that
// can fork have a copy for each lane. Order is kept within a lane. With no field
// it is the 5-tuple.
func (s Stream) Repartition(n int, by ...flow.Field) Stream {
	return s.with(s.path.then(opRepartition{n, slices.Clone(by)}))
}

// To ends the plan: every flow is written to each sink.
func (s Stream) To(sinks ...Sink) *Plan { return s.end(opTo{slices.Clone(sinks)}) }

// Tee ends the plan: every flow goes down each path. A path that changes flows
// works on a copy.
func (s Stream) Tee(paths ...End) *Plan { return s.end(opTee{slices.Clone(paths)}) }

// Switch ends the plan with a Branch whose arms are all Ends. Flows that match
// no arm are counted as filtered.
func (s Stream) Switch(arms ...Arm) *Plan { return s.end(opSwitch{slices.Clone(arms)}) }

func (s Stream) with(r route) Stream { return Stream{sources: s.sources, path: r} }

func (s Stream) end(o op) *Plan { return &Plan{sources: s.sources, path: s.path.finish(o)} }

func branch(arms []Arm) op { return opBranch{slices.Clone(arms)} }

// Filter begins a Path with a filter; see Stream.Filter.
func Filter(p filter.Predicate) Path { return Path{}.Filter(p) }

// Through begins a Path with transforms; see Stream.Through.
func Through(ts ...Transform) Path { return Path{}.Through(ts...) }

// Branch begins a Path with a branch; see Stream.Branch.
func Branch(arms ...Arm) Path { return Path{}.Branch(arms...) }

// Filter adds a filter; see Stream.Filter.
func (p Path) Filter(cond filter.Predicate) Path { return Path{p.path.then(opFilter{cond})} }

// Through adds transforms; see Stream.Through.
func (p Path) Through(ts ...Transform) Path { return Path{p.path.through(ts)} }

// Branch adds a branch; see Stream.Branch.
func (p Path) Branch(arms ...Arm) Path { return Path{p.path.then(branch(arms))} }

// To ends the path; see Stream.To.
func (p Path) To(sinks ...Sink) End { return End{p.path.finish(opTo{slices.Clone(sinks)})} }

// Tee ends the path; see Stream.Tee.
func (p Path) Tee(paths ...End) End { return End{p.path.finish(opTee{slices.Clone(paths)})} }

// Switch ends the path; see Stream.Switch.
func (p Path) Switch(arms ...Arm) End { return End{p.path.finish(opSwitch{slices.Clone(arms)})} }

// To is an End that writes every flow to each sink.
func To(sinks ...Sink) End { return Path{}.To(sinks...) }

// Tee is an End that sends every flow down each path; see Stream.Tee.
func Tee(paths ...End) End { return Path{}.Tee(paths...) }

// Switch is an End that sends each flow down one arm; see Stream.Switch.
func Switch(arms ...Arm) End { return Path{}.Switch(arms...) }

// When is an arm for the flows that match p.
func When(p filter.Predicate, to Route) Arm { return Arm{cond: p, to: to} }

// Otherwise is the arm for the flows that no arm before it matched. It comes
// last.
func Otherwise(to Route) Arm { return Arm{otherwise: true, to: to} }
