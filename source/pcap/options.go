package pcap

import (
	"time"

	"github.com/flowpipeline/pipeline/internal/flowtable"
)

// Option changes how packets become flows.
type Option func(*config)

type config struct {
	table flowtable.Config
}

// Active sets the age at which a flow ends although packets still come; the
// default is 30 minutes.
func Active(d time.Duration) Option {
	return func(c *config) { c.table.Active = timeout(d) }
}

// Inactive sets how long after its latest packet a flow ends; the default is 15
// seconds.
func Inactive(d time.Duration) Option {
	return func(c *config) { c.table.Inactive = timeout(d) }
}

// MaxFlows bounds the flows that are under way at a time, and with that the
// memory; the default is 1,048,576, of about 300 bytes each. When there are more,
// the one longest without a packet ends.
func MaxFlows(n int) Option {
	return func(c *config) {
		if n == 0 {
			n = -1
		}
		c.table.MaxFlows = n
	}
}

// Statistics adds to every flow the packet lengths (least, greatest, mean,
// standard deviation), the times between packets, the counts of TCP flags, the
// bytes of headers and the packets with a payload. It costs time for every
// packet and memory for every flow, so it is off by default.
func Statistics() Option {
	return func(c *config) { c.table.Statistics = true }
}

// timeout keeps a given 0, which is a mistake, from meaning the default.
func timeout(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}
