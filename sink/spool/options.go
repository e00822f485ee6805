package spool

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline"
)

// Defaults of the options.
const (
	DefaultMaxBytes  = 1 << 30
	DefaultSyncEvery = time.Second
	DefaultInFlight  = 32

	leastBytes   = 1 << 20
	leastSegment = 64 << 10
	mostSegment  = 64 << 20
)

// Option changes how flows are spooled.
type Option func(*config)

type config struct {
	dir      string
	maxBytes int64
	segment  int64
	overflow pipeline.Overflow
	sync     time.Duration // 0 is each write
	noSync   bool
	backoff  pipeline.Backoff
	inFlight int
}

// MaxBytes bounds the files in the directory, from 1 MiB. Default DefaultMaxBytes.
func MaxBytes(n int64) Option { return func(c *config) { c.maxBytes = n } }

// SegmentBytes is how large one file becomes, from 64 KiB up to a quarter of
// MaxBytes. Room is made one file at a time. Default a sixteenth of MaxBytes, and at
// most 64 MiB.
func SegmentBytes(n int64) Option { return func(c *config) { c.segment = n } }

// OnFull says what a full spool does. Block, the default, has the path wait.
// DropNewest drops the flows that come; DropOldest drops the oldest file, except for
// flows that the sink has been given already. Flows that are dropped count in
// dropped_flows; their source takes them for delivered.
func OnFull(o pipeline.Overflow) Option { return func(c *config) { c.overflow = o } }

// Sync has the disk hold what was written each d: flows of that time can be lost with
// the machine, though not with the process. 0 is before each write returns. Default
// DefaultSyncEvery.
func Sync(d time.Duration) Option { return func(c *config) { c.sync, c.noSync = d, false } }

// NoSync leaves it to the system when the disk holds what was written.
func NoSync() Option { return func(c *config) { c.noSync = true } }

// Backoff says how long to wait between attempts to deliver; each pause is shortened
// by up to a half at random. After so many attempts at the same flows, if Attempts is
// not 0, they are given up and counted in refused_flows.
func Backoff(bo pipeline.Backoff) Option { return func(c *config) { c.backoff = bo } }

// InFlight is how many batches a sink that retains them is given before the first is
// delivered. Default DefaultInFlight.
func InFlight(n int) Option { return func(c *config) { c.inFlight = n } }

func newConfig(dir string, opts []Option) (config, error) {
	c := config{dir: dir, maxBytes: DefaultMaxBytes, sync: DefaultSyncEvery, inFlight: DefaultInFlight}
	for _, o := range opts {
		o(&c)
	}
	if c.backoff.First == 0 {
		c.backoff.First = 100 * time.Millisecond
	}
	if c.backoff.Most == 0 {
		c.backoff.Most = max(30*time.Second, c.backoff.First)
	}
	if c.segment == 0 {
		c.segment = min(max(c.maxBytes/16, leastSegment), mostSegment)
	}
	return c, c.check()
}

func (c *config) check() error {
	var errs []error
	if c.dir == "" {
		errs = append(errs, errors.New("the directory is empty"))
	}
	if c.maxBytes < leastBytes {
		errs = append(errs, fmt.Errorf("MaxBytes: %d is less than %d", c.maxBytes, leastBytes))
	} else if c.segment < leastSegment || c.segment > c.maxBytes/4 {
		errs = append(errs, fmt.Errorf("SegmentBytes: %d is not from %d to %d", c.segment, leastSegment, c.maxBytes/4))
	}
	if c.overflow < pipeline.Block || c.overflow > pipeline.DropOldest {
		errs = append(errs, fmt.Errorf("OnFull: no such policy: %v", c.overflow))
	}
	if c.sync < 0 {
		errs = append(errs, fmt.Errorf("Sync: %v is less than 0", c.sync))
	}
	if b := c.backoff; b.First < 0 || b.Most < b.First || b.Attempts < 0 {
		errs = append(errs, fmt.Errorf("Backoff: from %v to %v in %d attempts makes no sense", b.First, b.Most, b.Attempts))
	}
	if c.inFlight < 1 {
		errs = append(errs, fmt.Errorf("InFlight: %d is less than 1", c.inFlight))
	}
	return errors.Join(errs...)
}
