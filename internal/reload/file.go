package reload

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flowpipeline/pipeline/internal/input"
)

// settled is how old a change of a file is before it can be told from the next by
// its time.
const settled = 2 * time.Second

// version tells one state of a file from another. The zero version is like no
// other.
type version struct {
	time time.Time
	size int64
}

// followed is a file that is read again when it has changed.
type followed struct {
	File
	seen    version // of what was taken over last
	failing bool    // the log says so
}

// read has the file's content used, unless it is as it was.
func (f *followed) read() (changed bool, err error) {
	info, err := os.Stat(f.Path)
	if err != nil {
		return false, err
	}
	v := version{info.ModTime(), info.Size()}
	if v == f.seen {
		return false, nil
	}
	if time.Since(v.time) < settled {
		v = version{}
	}
	in, err := input.Open(f.Path)
	if err != nil {
		return false, err
	}
	defer func() { _ = in.Close() }()
	if err := f.Use(&bounded{in: in, left: MaxBytes}); err != nil {
		return false, fmt.Errorf("%s: %w", f.Path, err)
	}
	f.seen = v
	return true, nil
}

// bounded is an error where more bytes come than are left.
type bounded struct {
	in   io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("it is longer than %d bytes", int64(MaxBytes))
	}
	return n, err
}
