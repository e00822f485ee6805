package capture

import (
	"fmt"
	"io"
)

// FormatError says what is wrong with a capture, and where. It wraps
// io.ErrUnexpectedEOF when the capture ends within a record.
type FormatError struct {
	Offset int64  // in bytes from the start of the (decompressed) capture
	Reason string // what is wrong
	Err    error  // the cause, or nil
}

// Error implements error.
func (e *FormatError) Error() string {
	if e.Err == io.ErrUnexpectedEOF {
		return fmt.Sprintf("truncated at byte %d: %s", e.Offset, e.Reason)
	}
	if e.Err != nil {
		return fmt.Sprintf("byte %d: %s: %v", e.Offset, e.Reason, e.Err)
	}
	return fmt.Sprintf("byte %d: %s", e.Offset, e.Reason)
}

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

func malformed(offset int64, format string, args ...any) error {
	return &FormatError{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}
