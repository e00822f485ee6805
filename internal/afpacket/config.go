//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of a Config, and its bounds.
const (
	DefaultSnapLen   = 256
	DefaultRingBytes = 8 << 20
	DefaultRetire    = 50 * time.Millisecond

	blockBytes = 1 << 18
	maxSnapLen = 1 << 16
	maxBytes   = 1 << 30
)

// Config says what a ring shows. Zero fields mean the defaults.
type Config struct {
	Interface int           // ifIndex
	Bare      bool          // frames begin with the IP packet, not with an Ethernet header
	SnapLen   int           // bytes that are kept of each packet
	RingBytes int           // memory of the ring; rounded up to blocks of 256 KiB
	Retire    time.Duration // how long a packet may wait for others in its block
	// IgnoreOutgoing leaves out packets that the host sends.
	IgnoreOutgoing bool
}

// Check fills in the defaults and returns what is wrong.
func (c *Config) Check() error {
	if c.SnapLen == 0 {
		c.SnapLen = DefaultSnapLen
	}
	if c.RingBytes == 0 {
		c.RingBytes = DefaultRingBytes
	}
	if c.Retire == 0 {
		c.Retire = DefaultRetire
	}
	switch {
	case c.Interface <= 0:
		return errors.New("no interface")
	case c.SnapLen < 64 || c.SnapLen > maxSnapLen:
		return fmt.Errorf("snap length of %d bytes is not within 64 and %d", c.SnapLen, maxSnapLen)
	case c.RingBytes < 0 || c.RingBytes > maxBytes:
		return fmt.Errorf("ring of %d bytes is not within 0 and %d", c.RingBytes, maxBytes)
	case c.Retire < time.Millisecond:
		return fmt.Errorf("%v is too short to retire a block", c.Retire)
	}
	return nil
}

// blocks returns how many blocks make up the ring.
func (c *Config) blocks() int { return max((c.RingBytes+blockBytes-1)/blockBytes, 2) }
