package datagram

import (
	"bytes"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// packer appends a section to dst, compressed so that it can be decompressed
// without others.
type packer func(dst, section []byte) ([]byte, error)

// packerFor returns what the name of a file asks for, nil for none.
func packerFor(path string) (packer, error) {
	switch {
	case strings.HasSuffix(path, ".gz"):
		z := gzip.NewWriter(nil)
		return func(dst, section []byte) ([]byte, error) {
			out := bytes.NewBuffer(dst)
			z.Reset(out)
			if _, err := z.Write(section); err != nil {
				return nil, err
			}
			err := z.Close()
			return out.Bytes(), err
		}, nil
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		return func(dst, section []byte) ([]byte, error) { return z.EncodeAll(section, dst), nil }, err
	}
	return nil, nil
}
