//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"os"

	"github.com/cilium/ebpf/asm"
)

// Defaults of a Config.
const (
	// DefaultMaxFlows is for machines with few CPUs. Each flow has a count on each
	// CPU, and with many of them the default is what DefaultMemory holds.
	DefaultMaxFlows  = 1 << 17
	DefaultMemory    = 128 << 20
	DefaultRingBytes = 1 << 22
)

// Bounds of a Config.
const (
	minDefaultFlows = 1 << 12

	maxFlows     = 1 << 24
	maxRingBytes = 1 << 30
	maxFilter    = 1 << 14
)

// Config says how packets are counted. Zero fields mean the defaults.
type Config struct {
	// MaxFlows is the most flows of one generation, on all CPUs and interfaces.
	// Packets of further ones come as events.
	MaxFlows int
	// RingBytes is the size of the ring of events; it is rounded up to a power of
	// two of pages.
	RingBytes int
	// Statistics counts packet lengths, inter-arrival times, flags, header bytes
	// and payload packets too. There must be less than 4 s between two swaps then.
	Statistics bool
	// Attribution has the entries tell the local sockets of their packets. Nil
	// tells none.
	Attribution *Attribution
	// Sampling counts one packet in so many, chosen at random. 0 and 1 mean all.
	Sampling uint32
	// Filter decides by a flow's key whether its packets are counted: R1 points
	// to a packet.Key, R0 at the exit is 1 or 0. It may use R0 to R5, but no stack.
	// Nil counts all.
	Filter asm.Instructions
	// Logger gets what the verifier says, at debug level. Nil discards it.
	Logger *slog.Logger
}

// Check reports every mistake in the configuration.
func (c Config) Check() error {
	var errs []error
	if c.MaxFlows < 0 || c.MaxFlows > maxFlows {
		errs = append(errs, fmt.Errorf("bound of %d flows is not within 0 and %d", c.MaxFlows, maxFlows))
	}
	if c.RingBytes < 0 || c.RingBytes > maxRingBytes {
		errs = append(errs, fmt.Errorf("ring of %d bytes is not within 0 and %d", c.RingBytes, maxRingBytes))
	}
	if len(c.Filter) > maxFilter {
		errs = append(errs, fmt.Errorf("filter of %d instructions is longer than %d", len(c.Filter), maxFilter))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults(cpus int) Config {
	if c.MaxFlows == 0 {
		fit := DefaultMemory / generations / flowBytes(c.layout().size(), cpus)
		c.MaxFlows = max(minDefaultFlows, min(DefaultMaxFlows, fit))
	}
	if c.RingBytes == 0 {
		c.RingBytes = DefaultRingBytes
	}
	c.RingBytes = roundUp(max(c.RingBytes, os.Getpagesize()))
	if c.Sampling == 0 {
		c.Sampling = 1
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// roundUp returns the least power of two that is not less than n.
func roundUp(n int) int { return 1 << bits.Len(uint(n-1)) }
