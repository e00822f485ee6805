package sflow

import "github.com/flowpipeline/pipeline/internal/samplingrate"

// Config says how datagrams are decoded.
type Config struct {
	// DefaultRate is the sampling rate, 1 in N packets, of samples that tell
	// none; 0 leaves it absent.
	DefaultRate uint32
	// Rates override the rate of flow samples, by the agent's address.
	Rates samplingrate.Rules
	// Counters has a record made of each sample of an interface's counters.
	Counters bool
}
