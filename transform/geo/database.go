package geo

import (
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/flowpipeline/pipeline/internal/reload"
)

// databases are those in use. Whoever reads them loads the set once.
type databases struct{ set atomic.Pointer[set] }

// set is one state of all databases. It does not change.
type set struct {
	readers []*maxminddb.Reader
	warned  atomic.Bool // that one is damaged
}

// files returns the files of the databases. Each one read makes another set.
func (d *databases) files(paths []string, verify bool) []reload.File {
	d.set.Store(&set{readers: make([]*maxminddb.Reader, len(paths))})
	var files []reload.File
	for i, path := range paths {
		files = append(files, reload.File{Path: path, Use: func(content io.Reader) error {
			r, err := read(content, verify)
			if err != nil {
				return err
			}
			next := &set{readers: slices.Clone(d.set.Load().readers)}
			next.readers[i] = r
			d.set.Store(next)
			return nil
		}})
	}
	return files
}

// read reads a database into memory.
func read(content io.Reader, verify bool) (*maxminddb.Reader, error) {
	data, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	r, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, err
	}
	if v := r.Metadata.IPVersion; v != 4 && v != 6 {
		return nil, fmt.Errorf("it is a database of IP version %d", v)
	}
	if verify {
		err = r.Verify()
	}
	return r, err
}
