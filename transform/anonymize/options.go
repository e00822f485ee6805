package anonymize

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/flowpipeline/pipeline/flow"
)

// KeyLen is the length of a key in bytes.
const KeyLen = 32

// Option changes what is made anonymous, and how.
type Option func(*config)

type config struct {
	pan        *cryptoPAn // nil for a cut alone
	cuts       bool
	bits4      int
	bits6      int
	pseudonyms []byte // key of pseudonyms; empty to take out what they would be for
	keep       []string
	errs       []error
}

// Keep leaves fields as they are: "exporter", or another of their names, or that of
// an extension. The text of an address is another field than the address.
func Keep(fields ...string) Option {
	return func(c *config) { c.keep = append(c.keep, fields...) }
}

// Cut has CryptoPAn keep only the first bits of the pseudonyms of IPv4 and IPv6
// addresses.
func Cut(bits4, bits6 int) Option {
	return func(c *config) {
		c.cuts, c.bits4, c.bits6 = true, bits4, bits6
		if bits4 < 1 || bits4 > 32 || bits6 < 1 || bits6 > 128 {
			c.errs = append(c.errs, fmt.Errorf("lengths of %d and %d bits: give 1 to 32 for IPv4 and 1 to 128 for IPv6", bits4, bits6))
		}
	}
}

// Pseudonyms has Prefix give MAC addresses and names pseudonyms by a key of 32
// bytes. CryptoPAn derives the key for them from its own.
func Pseudonyms(key []byte) Option {
	return func(c *config) {
		if c.check(key) {
			c.pseudonyms = derive(key, "pseudonyms")
		}
	}
}

// check reports whether a key can be used.
func (c *config) check(key []byte) bool {
	if len(key) == KeyLen {
		return true
	}
	c.errs = append(c.errs, fmt.Errorf("the key has %d bytes and not %d", len(key), KeyLen))
	return false
}

// derive makes a key for one purpose of another.
func derive(key []byte, purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, key, nil, purpose, KeyLen)
	if err != nil { // the length is one that it can give
		panic(err)
	}
	return derived
}

// mode is the value of fields such as SrcAddrAnon.
func (c *config) mode() uint64 {
	switch {
	case c.pan == nil:
		return flow.AnonymizedSubnet
	case c.cuts:
		return flow.AnonymizedSubnetAndCryptoPAn
	}
	return flow.AnonymizedCryptoPAn
}

func newConfig(opts []Option) (config, error) {
	var c config
	for _, o := range opts {
		o(&c)
	}
	return c, errors.Join(c.errs...)
}
