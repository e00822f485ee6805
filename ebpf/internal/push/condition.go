package push

// condition is what a key has to fulfil.
type condition interface {
	// jump adds instructions that go to a label when the condition is as it is
	// wanted, and else run on.
	jump(a *assembler, want bool, to label)
}

// list holds when all of its conditions hold, or any.
type list struct {
	all bool
	of  []condition
}

// fixed is a condition that every key fulfils, or none.
func fixed(holds bool) condition { return &list{all: holds} }

// constant reports whether a condition is fixed, and how.
func constant(c condition) (holds, ok bool) {
	l, ok := c.(*list)
	return ok && l.all, ok && len(l.of) == 0
}

// join makes a list of conditions that are not fixed, or the one that it comes to.
func join(all bool, cs []condition) condition {
	l := &list{all: all}
	for _, c := range cs {
		holds, ok := constant(c)
		if !ok {
			l.of = append(l.of, c)
		} else if holds != all {
			return c
		}
	}
	if len(l.of) == 1 {
		return l.of[0]
	}
	return l
}

func (l *list) jump(a *assembler, want bool, to label) {
	last := len(l.of) - 1
	if want != l.all { // any of them decides
		for _, c := range l.of {
			c.jump(a, want, to)
		}
		return
	}
	end := a.label()
	for _, c := range l.of[:last] {
		c.jump(a, !want, end)
	}
	l.of[last].jump(a, want, to)
	a.place(end)
}

// inverse holds when its condition does not.
type inverse struct{ of condition }

func (c inverse) jump(a *assembler, want bool, to label) { c.of.jump(a, !want, to) }

// invert returns the inverse of a condition, if it is to be inverted.
func invert(c condition, negated bool) condition {
	if !negated {
		return c
	}
	if holds, ok := constant(c); ok {
		return fixed(!holds)
	}
	return inverse{c}
}
