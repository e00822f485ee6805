// Package samplingrate holds the sampling rates that a configuration gives to
// exporters, for all decoders alike.
package samplingrate

import (
	"errors"
	"fmt"
	"net/netip"
)

// Rule is the sampling rate, 1 in N packets, of the exporters in a prefix.
type Rule struct {
	Prefix netip.Prefix
	Rate   uint32
}

// Rules override whatever an exporter tells. The longest prefix wins; of two
// equal ones the first. They may be used concurrently.
type Rules []Rule

// Of returns the rate of an exporter; 0 when no rule is for it.
func (r Rules) Of(exporter netip.Addr) uint32 {
	exporter = exporter.Unmap()
	rate, bits := uint32(0), -1
	for _, rule := range r {
		if rule.Prefix.Contains(exporter) && rule.Prefix.Bits() > bits {
			rate, bits = rule.Rate, rule.Prefix.Bits()
		}
	}
	return rate
}

// Check returns what is wrong with the rules.
func (r Rules) Check() error {
	for _, rule := range r {
		if !rule.Prefix.IsValid() {
			return errors.New("the prefix of a sampling rate is not valid")
		}
		if rule.Rate == 0 {
			return fmt.Errorf("the sampling rate of %v is 0", rule.Prefix)
		}
	}
	return nil
}
