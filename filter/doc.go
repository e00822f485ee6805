// Package filter decides which flows stay. A Predicate is an inert description,
// made by the combinators here; Compile turns it into a Selector that works on a
// batch's selection, without a call per flow where it can.
package filter
