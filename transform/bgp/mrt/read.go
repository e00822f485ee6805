package mrt

import (
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/flowpipeline/pipeline/internal/input"
)

const (
	headerLen = 12
	maxRecord = 16 << 20 // a prefix with the paths of a thousand peers has less than 1 MiB
	maxRoutes = 1 << 23  // several times what the world has
)

// Types and subtypes of records (RFC 6396 4, RFC 8050 4).
const (
	tableDump   = 12
	tableDumpV2 = 13

	ribIPv4Unicast        = 2
	ribIPv6Unicast        = 4
	ribIPv4UnicastAddPath = 8
	ribIPv6UnicastAddPath = 10
)

// Open reads a file, which may be compressed with bzip2, gzip or zstd.
func Open(path string) (*RIB, error) {
	in, err := input.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return read(path, in)
}

// Read reads what may be compressed, as a file. Errors call it by name.
func Read(name string, r io.Reader) (*RIB, error) {
	in := input.New(name, r)
	defer func() { _ = in.Close() }()
	return read(name, in)
}

func read(name string, in io.Reader) (*RIB, error) {
	d := dump{in: bufio.NewReaderSize(in, 64<<10)}
	if magic, _ := d.in.Peek(3); string(magic) == "BZh" {
		d.in = bufio.NewReaderSize(bzip2.NewReader(d.in), 64<<10)
	}
	for {
		err := d.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: record at byte %d: %w", name, d.at, err)
		}
	}
	if len(d.records) == 0 {
		return nil, fmt.Errorf("%s: no routes of TABLE_DUMP_V2 are in it", name)
	}
	return newRIB(d.records), nil
}

// dump reads records.
type dump struct {
	in      *bufio.Reader
	raw     []byte
	at      int64 // where the present record begins
	end     int64 // where it ends
	records []record
	votes   ballot
}

// next reads one record; io.EOF says that there is none.
func (d *dump) next() error {
	d.at = d.end
	var header [headerLen]byte
	if n, err := io.ReadFull(d.in, header[:]); err != nil {
		if n > 0 {
			return fmt.Errorf("the header is cut off after %d bytes: %w", n, err)
		}
		return err
	}
	kind, subtype := binary.BigEndian.Uint16(header[4:]), binary.BigEndian.Uint16(header[6:])
	length := binary.BigEndian.Uint32(header[8:])
	if length > maxRecord {
		return fmt.Errorf("it is %d bytes long, more than %d", length, maxRecord)
	}
	d.end = d.at + headerLen + int64(length)
	if cap(d.raw) < int(length) {
		d.raw = make([]byte, length)
	}
	d.raw = d.raw[:length]
	if n, err := io.ReadFull(d.in, d.raw); err != nil {
		return fmt.Errorf("it is cut off after %d of %d bytes: %w", n, length, errors.Join(io.ErrUnexpectedEOF, notEOF(err)))
	}
	switch {
	case kind == tableDump:
		return errors.New("it is of the old type TABLE_DUMP, which is not read")
	case kind != tableDumpV2:
		return nil // updates, and what else may be in between
	}
	return d.route(subtype)
}

// notEOF keeps what a reader failed with, but not that it ended.
func notEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

func (d *dump) route(subtype uint16) error {
	bits, addPath := 32, false
	switch subtype {
	case ribIPv4Unicast:
	case ribIPv4UnicastAddPath:
		addPath = true
	case ribIPv6Unicast:
		bits = 128
	case ribIPv6UnicastAddPath:
		bits, addPath = 128, true
	default:
		return nil // peers, multicast
	}
	if len(d.records) == maxRoutes {
		return fmt.Errorf("there are more than %d routes", maxRoutes)
	}
	rec, err := parseRoute(d.raw, bits, addPath, &d.votes)
	if err != nil {
		return err
	}
	d.records = append(d.records, rec)
	return nil
}
