//go:build !linux

package input

import "os"

// newPollReader reads a file that the runtime does not poll. Without poll(2) a
// read that waits cannot be interrupted.
func newPollReader(f *os.File) rawReader { return plainReader{r: f, mayWait: true} }
