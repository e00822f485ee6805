package sink

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// encoder turns batches into bytes. It belongs to one goroutine at a time.
type encoder interface {
	AppendBatch(dst []byte, b *flow.Batch) []byte
}

// header is an encoder that begins its output with something.
type header interface {
	AppendHeader(dst []byte) []byte
}

// alone is an encoder that must see every batch: a second one would write
// something else.
type alone interface{ alone() }

// writer is a sink that encodes batches into a stream. Lanes encode at the same
// time, each with a pen of its own, and write one after the other.
type writer struct {
	name   string // of the stream, for errors
	open   func() (io.Writer, error)
	enc    func() (encoder, error)
	layout *flow.Layout
	single bool // there is one pen

	mu   sync.Mutex
	out  io.Writer
	pens []*pen // that nobody uses
}

// pen is an encoder and the memory of what it wrote last.
type pen struct {
	enc encoder
	buf []byte
}

func newWriter(name string, enc func() (encoder, error), open func() (io.Writer, error)) (*writer, error) {
	s := &writer{name: name, open: open, enc: enc}
	e, err := enc()
	_, s.single = e.(alone)
	s.pens = append(s.pens, &pen{enc: e})
	return s, err
}

// toWriter describes a sink that writes to w, which it does not close.
func toWriter(kind string, w io.Writer, enc func() (encoder, error)) pipeline.Sink {
	name := streamName(w)
	return pipeline.NewSink(kind+"("+name+")", func() (pipeline.Sink, error) {
		if w == nil {
			return nil, errors.New("the writer is nil")
		}
		return newWriter(name, enc, func() (io.Writer, error) { return w, nil })
	})
}

// toFile describes a sink that makes the file at path, or empties it, and closes
// it at the end. A name that ends in .gz or .zst is compressed.
func toFile(kind, path string, enc func() (encoder, error)) pipeline.Sink {
	return pipeline.NewSink(kind+"("+path+")", func() (pipeline.Sink, error) {
		if path == "" {
			return nil, errors.New("the path is empty")
		}
		return newWriter(path, enc, func() (io.Writer, error) { return create(path) })
	})
}

func streamName(w io.Writer) string {
	if f, ok := w.(*os.File); ok && f != nil {
		return f.Name()
	}
	return fmt.Sprintf("%T", w)
}

// Concurrent implements pipeline.Concurrent.
func (s *writer) Concurrent() bool { return !s.single }

// Bind implements pipeline.Binder.
func (s *writer) Bind(l *flow.Layout) error {
	s.layout = l
	return s.pens[0].bind(l)
}

func (p *pen) bind(l *flow.Layout) error {
	if b, ok := p.enc.(pipeline.Binder); ok {
		return b.Bind(l)
	}
	return nil
}

// Open implements pipeline.Opener.
func (s *writer) Open(context.Context, pipeline.Env) error {
	out, err := s.open()
	if err != nil {
		return err
	}
	s.out = out
	h, ok := s.pens[0].enc.(header)
	if !ok {
		return nil
	}
	if err := s.write(h.AppendHeader(nil)); err != nil {
		return errors.Join(err, s.Close(context.Background()))
	}
	return nil
}

// Write implements pipeline.Sink.
func (s *writer) Write(_ context.Context, b *flow.Batch) error {
	p, err := s.take()
	if err != nil {
		return err
	}
	p.buf = p.enc.AppendBatch(p.buf[:0], b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pens = append(s.pens, p)
	return s.write(p.buf)
}

// take returns a pen that nobody uses, or another one.
func (s *writer) take() (*pen, error) {
	s.mu.Lock()
	if n := len(s.pens); n > 0 {
		p := s.pens[n-1]
		s.pens = s.pens[:n-1]
		s.mu.Unlock()
		return p, nil
	}
	s.mu.Unlock()
	e, err := s.enc()
	if err != nil {
		return nil, err
	}
	p := &pen{enc: e}
	return p, p.bind(s.layout)
}

func (s *writer) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := s.out.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("%s: after %d of %d bytes: %w", s.name, n, len(p), err)
	}
	return nil
}

// Close implements pipeline.Closer.
func (s *writer) Close(context.Context) error {
	f, ok := s.out.(*file)
	if !ok {
		return nil
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// file is a file that this package made, behind a compressor or not.
type file struct {
	io.Writer
	closers []io.Closer // the compressor before the file
}

func create(path string) (io.Writer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	switch filepath.Ext(path) {
	case ".gz":
		z := gzip.NewWriter(f)
		return &file{z, []io.Closer{z, f}}, nil
	case ".zst":
		z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &file{z, []io.Closer{z, f}}, nil
	}
	return &file{f, []io.Closer{f}}, nil
}

// Close finishes the compressed stream and closes the file, both in any case.
func (f *file) Close() error {
	var errs []error
	for _, c := range f.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
