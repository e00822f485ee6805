package sflow

// Config says how datagrams are decoded.
type Config struct {
	// DefaultRate is the sampling rate, 1 in N packets, of samples that tell
	// none; 0 leaves it absent.
	DefaultRate uint32
	// OnCounters receives each counter sample, on the goroutine that decodes.
	// The sample and its Name are valid until it returns. nil for none.
	OnCounters func(*CounterSample)
}
