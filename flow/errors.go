package flow

import "fmt"

// PartialError says that only some flows of a batch failed; the others were
// delivered. A sink returns it from Write, or gives it to View.Release.
type PartialError struct {
	Rows []uint16 // the failed ones, ascending, as in Batch.Raw
	Err  error    // why the first of them failed
}

// Error implements error.
func (e *PartialError) Error() string { return fmt.Sprintf("%d flows failed: %v", len(e.Rows), e.Err) }

// Unwrap returns the cause.
func (e *PartialError) Unwrap() error { return e.Err }
