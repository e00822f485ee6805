package pipeline

import (
	"fmt"
	"strings"
)

// drawing writes a plan as an indented tree.
type drawing struct {
	sb     strings.Builder
	indent string
}

func (d *drawing) String() string { return d.sb.String() }

func (d *drawing) line(text string) {
	d.sb.WriteString(d.indent)
	d.sb.WriteString(text)
	d.sb.WriteByte('\n')
}

func (d *drawing) route(r route) {
	for _, o := range r.ops {
		o.draw(d)
	}
	if r.end != nil {
		r.end.draw(d)
	}
}

// branchOff draws what lies behind one way of a fork.
func (d *drawing) branchOff(title string, last bool, r route) {
	mark, pad := "├─ ", "│  "
	if last {
		mark, pad = "└─ ", "   "
	}
	d.line(mark + title)
	saved := d.indent
	d.indent += pad
	d.route(r)
	d.indent = saved
}

func (o opFilter) draw(d *drawing) { d.line("filter " + o.cond.String()) }

func (o opThrough) draw(d *drawing) { d.line("through " + specName(o.t)) }

func (o opRepartition) draw(d *drawing) {
	by := make([]string, len(o.by))
	for i, f := range o.by {
		by[i] = f.String()
	}
	if len(by) == 0 {
		by = []string{"5-tuple"}
	}
	d.line(fmt.Sprintf("repartition %d by %s", o.n, strings.Join(by, ", ")))
}

func (o opTo) draw(d *drawing) {
	for _, s := range o.sinks {
		drawSink(d, "to ", s)
	}
}

func (o opTee) draw(d *drawing) {
	d.line("tee")
	for i, e := range o.ends {
		d.branchOff("path", i == len(o.ends)-1, e.path)
	}
}

func (o opBranch) draw(d *drawing) { drawArms(d, "branch", o.arms) }

func (o opSwitch) draw(d *drawing) { drawArms(d, "switch", o.arms) }

func drawArms(d *drawing, title string, arms []Arm) {
	d.line(title)
	for i, a := range arms {
		var r route
		if a.to != nil {
			r = a.to.route()
		}
		d.branchOff(a.String(), i == len(arms)-1, r)
	}
}

// String returns the arm's condition.
func (a Arm) String() string {
	if a.otherwise {
		return "otherwise"
	}
	return "when " + a.cond.String()
}

func drawSink(d *drawing, prefix string, s Sink) {
	w, ok := s.(sinkWrapper)
	if !ok {
		d.line(prefix + specName(s))
		return
	}
	d.line(prefix + w.String())
	saved := d.indent
	d.indent += "   "
	for _, in := range w.inner() {
		drawSink(d, "→ ", in)
	}
	d.indent = saved
}

// specName returns what a stage is called without making it.
func specName(stage any) string {
	switch s := stage.(type) {
	case *sourceSpec:
		return s.name
	case *transformSpec:
		return s.name
	case *sinkSpec:
		return s.name
	}
	return stageName(stage)
}
