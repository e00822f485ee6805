package diskqueue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrInUse: another queue, perhaps of another process, has the directory.
var ErrInUse = errors.New("the directory is in use by another process or pipeline")

// lockDir takes hold of a directory until the file is closed, also by the end of
// the process.
func lockDir(dir string) (*os.File, error) {
	f, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil && errors.Is(err, errLocked) {
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	return f, err
}
