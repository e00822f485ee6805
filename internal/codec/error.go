package codec

import (
	"errors"
	"fmt"
)

// Errors that decoders wrap in an Error.
var (
	ErrSyntax    = errors.New("syntax error")
	ErrRange     = errors.New("value out of range")
	ErrValue     = errors.New("value of another kind")
	ErrTruncated = errors.New("unexpected end")
	ErrDepth     = errors.New("nested too deep")
	ErrTooLong   = errors.New("too long")
)

// maxList bounds the elements of a list that is read, of whatever form.
const maxList = 4096

var errList = fmt.Errorf("%w: a list of more than %d elements", ErrTooLong, maxList)

// Error says where in a line or message decoding failed, and why.
type Error struct {
	Offset int    // byte in the line or message, from 0
	Field  string // "" outside of a field
	Err    error  // one of the package's errors, perhaps wrapped
}

// Error implements error.
func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("byte %d: field %q: %v", e.Offset, e.Field, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
