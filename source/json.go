package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

// MaxLine bounds a line of JSON, in bytes.
const MaxLine = 1 << 20

// JSON reads flows from a file of JSON lines, one object each, by the names of
// docs/fields.md; goflow2's JSON and protojson of flowpipeline's messages are
// understood as well. "-" is standard input. gzip and zstd are recognised by
// the content. Fields that are not known are counted, or kept with KeepUnknown.
//
// An error names the file, the line and the column, in bytes from 1. A line
// over 1 MiB is one.
func JSON(path string, opts ...Option) pipeline.Source {
	return newStream("json("+path+")", opts, newJSONLines, fromPath(path))
}

// JSONReader is JSON of a reader, called name in errors. A reader that blocks
// holds up ticks and shutdown, but for files, pipes, terminals and connections.
// A second run goes on where the first one stopped.
func JSONReader(name string, r io.Reader, opts ...Option) pipeline.Source {
	return newStream("json("+name+")", opts, newJSONLines, fromReader(name, r))
}

type jsonLines struct {
	dec     *codec.JSONDecoder
	line    int // of the latest record
	tooLong bool
}

func newJSONLines() records { return new(jsonLines) }

func (l *jsonLines) open(env pipeline.Env, o options) {
	l.dec = codec.NewJSONDecoder(env.Symbols.Quota(o.symbols), env.Layout, o.keepUnknown)
}

func (l *jsonLines) counts() (unknown, refused uint64) { return l.dec.Unknown(), l.dec.Refused() }

func (l *jsonLines) place() string { return fmt.Sprint(l.line) }

func (l *jsonLines) next(p []byte, b *flow.Batch, ended bool) (size, need int, err error) {
	end := bytes.IndexByte(p, '\n')
	size = end + 1
	switch {
	case end < 0 && len(p) > MaxLine:
		return l.drop(p)
	case end < 0 && !ended:
		return 0, 0, nil
	case end < 0:
		end, size = len(p), len(p)
		if size == 0 {
			return 0, 0, nil
		}
	}
	if l.tooLong { // the rest of a line that was refused
		l.tooLong = false
		return size, 0, nil
	}
	l.line++
	if end > MaxLine {
		return size, 0, errLine
	}
	line := bytes.TrimRight(p[:end], " \t\r")
	if len(line) == 0 {
		return size, 0, nil
	}
	if err := l.dec.Decode(line, b, b.Next()); err != nil {
		b.Undo()
		return size, 0, badRecord{inColumn(err)}
	}
	return size, 0, nil
}

var errLine = badRecord{fmt.Errorf("line: %w: more than %d bytes", codec.ErrTooLong, MaxLine)}

// drop refuses a line whose end has not come, once.
func (l *jsonLines) drop(p []byte) (size, need int, err error) {
	if l.tooLong {
		return len(p), 0, nil
	}
	l.tooLong = true
	l.line++
	return len(p), 0, errLine
}

// inColumn says the place of a decoder's error as editors do.
func inColumn(err error) error {
	var e *codec.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Field == "" {
		return fmt.Errorf("column %d: %w", e.Offset+1, e.Err)
	}
	return fmt.Errorf("column %d: field %q: %w", e.Offset+1, e.Field, e.Err)
}
