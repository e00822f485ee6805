package pipeline

import (
	"errors"
	"fmt"
)

// StageError is what every error of a run is wrapped in: which stage, doing
// what.
type StageError struct {
	Stage string // name in the plan
	Op    string // build, open, read, process, tick, write, drain, close, settle or panic
	Err   error
}

// Error implements error.
func (e *StageError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Stage, e.Op, e.Err) }

// Unwrap returns the cause.
func (e *StageError) Unwrap() error { return e.Err }

// Errors that a run can end with, wrapped in a StageError.
var (
	// ErrDrainTimeout: the stage was still at work when the drain timeout was
	// over. Its flows are counted as dropped.
	ErrDrainTimeout = errors.New("drain timeout is over")
	// ErrPanic: the stage panicked. The text holds the value and the stack.
	ErrPanic = errors.New("panic")
	// ErrStopped: the stage had failed before, so the flows were not given to
	// it.
	ErrStopped = errors.New("stage has stopped after an error")
)
