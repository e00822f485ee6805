//go:build !linux

package ebpf

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/flowpipeline/pipeline"
)

func newSource(string, config) (pipeline.Source, error) {
	return nil, fmt.Errorf("flows of an interface on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
