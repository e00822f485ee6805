package flowtable

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Defaults of a Config.
const (
	DefaultActive   = 30 * time.Minute
	DefaultInactive = 15 * time.Second
	DefaultMaxFlows = 1 << 20
)

// linger is how long a flow is kept after its latest packet once it saw FIN or
// RST, so that the last acknowledgements still belong to it.
const linger = time.Second

// maxTimeout keeps times plus timeouts within range.
const maxTimeout = 365 * 24 * time.Hour

// Config says when flows end. Zero fields mean the defaults.
type Config struct {
	Active   time.Duration // a flow ends at this age
	Inactive time.Duration // a flow ends after this long without a packet
	MaxFlows int           // most flows at a time
	// Statistics adds the columns of packet lengths, inter-arrival times, flag
	// counts, header bytes and payload packets.
	Statistics bool
	// SamplingRate is told of every flow, when it is not 0: the packets are one
	// in so many.
	SamplingRate uint32
	// Tell tells the owner of a flow that is written, when one process is known to
	// be. Nil tells none.
	Tell func(b *flow.Batch, fl *flow.Flow, o *Owner)
}

// Check reports every mistake in the configuration.
func (c Config) Check() error {
	var errs []error
	if c.Active < 0 || c.Active > maxTimeout {
		errs = append(errs, fmt.Errorf("active timeout %v is not within 0 and %v", c.Active, maxTimeout))
	}
	if c.Inactive < 0 || c.Inactive > maxTimeout {
		errs = append(errs, fmt.Errorf("inactive timeout %v is not within 0 and %v", c.Inactive, maxTimeout))
	}
	if c.MaxFlows < 0 || c.MaxFlows > maxRecords {
		errs = append(errs, fmt.Errorf("bound of %d flows is not within 0 and %d", c.MaxFlows, maxRecords))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Active == 0 {
		c.Active = DefaultActive
	}
	if c.Inactive == 0 {
		c.Inactive = DefaultInactive
	}
	if c.MaxFlows == 0 {
		c.MaxFlows = DefaultMaxFlows
	}
	return c
}
