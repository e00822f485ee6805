package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
	"github.com/flowpipeline/pipeline/internal/input"
)

// UnknownJSON holds what KeepUnknown keeps: the members of an object that no
// field takes, as `"name":value` pairs joined by commas. The JSON sink writes
// them back.
var UnknownJSON = codec.Unknown

// defaultSymbols is how many names one stream may add to the pipeline's table.
const defaultSymbols = 1 << 16

// maxFill is how many bytes of a stream go into one batch at the most, give or
// take a record: texts are kept in the batch, so that bounds its memory.
const maxFill = 4 << 20

// Option changes what a source of a stream does.
type Option func(*options)

type options struct {
	skipBad     bool
	keepUnknown bool
	symbols     int
}

// SkipBad counts records that cannot be read ("bad") and goes on, where the
// error would end the run. What cannot be told apart into records, such as a
// truncated stream, stays an error.
func SkipBad() Option { return func(o *options) { o.skipBad = true } }

// KeepUnknown keeps what is no field in UnknownJSON, instead of only counting it
// ("unknown"). It is for JSON.
func KeepUnknown() Option { return func(o *options) { o.keepUnknown = true } }

// Symbols bounds how many different names (interfaces, customers …) the source
// may add to the pipeline's table, 65536 by default. Names beyond are absent and
// counted ("refused").
func Symbols(n int) Option { return func(o *options) { o.symbols = n } }

// records cuts a stream into records and decodes them.
type records interface {
	// next decodes the first record of p into b, and returns how many bytes
	// that took. 0 means that p holds no whole record; need is then how many
	// bytes it takes, if that is known. ended says that p is all there is.
	next(p []byte, b *flow.Batch, ended bool) (size, need int, err error)
	// place says where the stream is, for errors.
	place() string
	open(env pipeline.Env, o options)
	// counts returns how many unknown fields and refused names there were.
	counts() (unknown, refused uint64)
}

// badRecord is an error of one record alone: the next can be read.
type badRecord struct{ error }

func (e badRecord) Unwrap() error { return e.error }

// stream is a source of records.
type stream struct {
	opts options
	rec  records
	make func() (*input.Reader, error)
	file bool // nobody has to wait for it
	in   *input.Reader
	buf  *input.Buffer

	bad, unknown, refused *pipeline.Counter
	lastUnknown           uint64
	lastRefused           uint64
}

// from says where a stream comes from.
type from struct {
	open func() (*input.Reader, error)
	file func() bool // whether it is taken for a file, which nobody has to wait for
}

func newStream(name string, opts []Option, rec func() records, in from) pipeline.Source {
	return pipeline.NewSource(name, func() (pipeline.Source, error) {
		s := &stream{opts: options{symbols: defaultSymbols}, rec: rec(), make: in.open, file: in.file()}
		for _, o := range opts {
			o(&s.opts)
		}
		if s.opts.symbols < 0 {
			return nil, fmt.Errorf("symbols: %d is below 0", s.opts.symbols)
		}
		return s, nil
	})
}

func fromPath(path string) from {
	return from{
		open: func() (*input.Reader, error) { return input.Open(path) },
		file: func() bool { return path != "-" },
	}
}

func fromReader(name string, r io.Reader) from {
	return from{
		open: func() (*input.Reader, error) {
			if r == nil {
				return nil, errNil("reader")
			}
			return input.New(name, r), nil
		},
		file: func() bool { return r != nil && !input.New(name, r).Waits() },
	}
}

// Open opens the file.
func (s *stream) Open(_ context.Context, env pipeline.Env) error {
	in, err := s.make()
	if err != nil {
		return err
	}
	s.in, s.buf = in, input.NewBuffer(in)
	s.bad, s.unknown, s.refused = env.Counter("bad"), env.Counter("unknown"), env.Counter("refused")
	s.rec.open(env, s.opts)
	return nil
}

// Close closes the file.
func (s *stream) Close(context.Context) error { return s.in.Close() }

// Replays reports true for what does not keep one waiting: a path other than "-",
// bytes in memory.
func (s *stream) Replays() bool { return s.file }

// Extensions declares where unknown members are kept.
func (s *stream) Extensions() []flow.Extender {
	if s.opts.keepUnknown {
		return []flow.Extender{UnknownJSON}
	}
	return nil
}

func (s *stream) Read(ctx context.Context, b *flow.Batch) error {
	defer s.count()
	if err := ctx.Err(); err != nil {
		return err
	}
	for filled := 0; !b.Full() && filled < maxFill; {
		size, need, err := s.rec.next(s.buf.Bytes(), b, s.buf.Ended())
		s.buf.Skip(size)
		filled += size
		var bad badRecord
		switch {
		case err != nil && s.opts.skipBad && errors.As(err, &bad):
			s.bad.Add(1)
			continue
		case err != nil:
			return fmt.Errorf("%s:%s: %w", s.in.Name(), s.rec.place(), err)
		case size > 0:
			continue
		case s.buf.Ended():
			return endOf(b)
		case b.Len() > 0 && s.in.Waits():
			return nil
		}
		switch err := s.buf.Fill(ctx, b.Deadline(), need); {
		case err == os.ErrDeadlineExceeded:
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// count brings the decoder's counts to the stage's counters.
func (s *stream) count() {
	unknown, refused := s.rec.counts()
	s.unknown.Add(unknown - s.lastUnknown)
	s.refused.Add(refused - s.lastRefused)
	s.lastUnknown, s.lastRefused = unknown, refused
}
