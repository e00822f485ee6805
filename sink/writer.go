package sink

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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

// writer is a sink that encodes batches into a stream.
type writer struct {
	name string // of the stream, for errors
	open func() (io.Writer, error)
	enc  encoder
	out  io.Writer
	buf  []byte
}

// toWriter describes a sink that writes to w, which it does not close.
func toWriter(kind string, w io.Writer, enc func() (encoder, error)) pipeline.Sink {
	name := streamName(w)
	return pipeline.NewSink(kind+"("+name+")", func() (pipeline.Sink, error) {
		if w == nil {
			return nil, errors.New("the writer is nil")
		}
		e, err := enc()
		return &writer{name: name, enc: e, open: func() (io.Writer, error) { return w, nil }}, err
	})
}

// toFile describes a sink that makes the file at path, or empties it, and closes
// it at the end. A name that ends in .gz or .zst is compressed.
func toFile(kind, path string, enc func() (encoder, error)) pipeline.Sink {
	return pipeline.NewSink(kind+"("+path+")", func() (pipeline.Sink, error) {
		if path == "" {
			return nil, errors.New("the path is empty")
		}
		e, err := enc()
		return &writer{name: path, enc: e, open: func() (io.Writer, error) { return create(path) }}, err
	})
}

func streamName(w io.Writer) string {
	if f, ok := w.(*os.File); ok && f != nil {
		return f.Name()
	}
	return fmt.Sprintf("%T", w)
}

// Bind implements pipeline.Binder.
func (s *writer) Bind(l *flow.Layout) error {
	if b, ok := s.enc.(pipeline.Binder); ok {
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
	h, ok := s.enc.(header)
	if !ok {
		return nil
	}
	if err := s.flush(h.AppendHeader(s.buf[:0])); err != nil {
		return errors.Join(err, s.Close(context.Background()))
	}
	return nil
}

// Write implements pipeline.Sink.
func (s *writer) Write(_ context.Context, b *flow.Batch) error {
	return s.flush(s.enc.AppendBatch(s.buf[:0], b))
}

// flush writes p and keeps its memory for the next batch.
func (s *writer) flush(p []byte) error {
	s.buf = p
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
