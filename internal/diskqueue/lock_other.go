//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package diskqueue

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked")

func lockFile(path string) (*os.File, error) {
	return nil, &os.PathError{Op: "lock", Path: path, Err: errors.ErrUnsupported}
}
