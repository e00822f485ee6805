// Package prefixset holds the prefixes that a stage tells addresses apart by, given
// as values or in files that may change.
package prefixset

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/prefixfile"
	"github.com/flowpipeline/pipeline/internal/reload"
)

// Config is where the prefixes are.
type Config struct {
	Prefixes []netip.Prefix
	Files    []string // lists, of which only the prefixes count
	Every    time.Duration
}

// Check returns what is wrong with a configuration.
func (c *Config) Check() error {
	errs := []error{reload.CheckEvery(c.Every)}
	if len(c.Prefixes)+len(c.Files) == 0 {
		errs = append(errs, errors.New("there is no prefix: give some, or a file of them"))
	}
	for _, p := range c.Prefixes {
		if !p.IsValid() {
			errs = append(errs, errors.New("a prefix is not valid"))
		}
	}
	if slices.Contains(c.Files, "") {
		errs = append(errs, errors.New("the path of a file is empty"))
	}
	return errors.Join(errs...)
}

// Set is the prefixes, while it is open.
type Set struct {
	table atomic.Pointer[Table]
	parts [][]prefixfile.Entry // by file; the values last
	files *reload.Files
}

// Table is one state of a set. It does not change, so any number of goroutines may
// ask it.
type Table struct{ table *prefixfile.Table[struct{}] }

// Has reports whether a prefix covers an address.
func (t *Table) Has(a flow.Addr) bool {
	_, ok := t.table.Longest(a)
	return ok && !a.IsZero()
}

// Open reads the files of a configuration that Check finds right, and has them
// followed until Close.
func Open(env pipeline.Env, c Config) (*Set, error) {
	s := &Set{parts: make([][]prefixfile.Entry, len(c.Files)+1)}
	for _, p := range c.Prefixes {
		s.parts[len(c.Files)] = append(s.parts[len(c.Files)], prefixfile.Entry{Prefix: prefixfile.Plain(p)})
	}
	s.rebuild()
	var files []reload.File
	for i, path := range c.Files {
		files = append(files, reload.File{Path: path, Use: func(content io.Reader) error { return s.use(i, content) }})
	}
	var err error
	s.files, err = reload.Start(env, c.Every, files...)
	return s, err
}

// Close returns when no file is read any more.
func (s *Set) Close() { s.files.Stop() }

// Table returns the present state.
func (s *Set) Table() *Table { return s.table.Load() }

func (s *Set) use(part int, content io.Reader) error {
	entries, err := prefixfile.ReadPrefixes(content)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return errors.New("there is no prefix in it")
	}
	s.parts[part] = entries
	s.rebuild()
	return nil
}

// rebuild puts another table in place.
func (s *Set) rebuild() {
	t, err := prefixfile.NewTable(slices.Concat(s.parts...), func(*prefixfile.Entry) struct{} { return struct{}{} })
	if err != nil { // they have no meaning to differ in
		panic(err)
	}
	s.table.Store(&Table{t})
}
