package netflow

import "time"

const (
	milli    = int64(time.Millisecond)
	reach    = 10 * 24 * time.Hour // how far back uptime goes at first
	longest  = 24 * 24 * time.Hour // and at most, less than 2^31 ms
	farthest = 1<<31 - 1           // [ms] from the header's time that receivers resolve
)

// clock tells the header's time, and turns times into those of records.
type clock struct {
	now    int64 // [ns since the epoch]
	boot   int64 // what uptime counts from [ms since the epoch]
	strays uint64
}

// set moves the clock.
func (c *clock) set(now int64) {
	c.now = now
	up := now/milli - c.boot
	if c.boot == 0 || up < 0 || up > int64(longest/time.Millisecond) {
		c.boot = now/milli - int64(reach/time.Millisecond)
	}
}

// seconds returns the header's time since the epoch.
func (c *clock) seconds() uint32 { return uint32(c.now / 1e9) }

// headerUptime returns the uptime at the header's time, which is whole seconds, so
// that the times of flows are exact to the millisecond.
func (c *clock) headerUptime() uint32 { return uint32(c.now/1e9*1000 - c.boot) }

// uptime returns the uptime at a time, or else at the other, or now.
func (c *clock) uptime(ns, other int64) uint32 {
	if ns == 0 {
		ns = other
	}
	if ns == 0 {
		ns = c.now
	}
	up := ns/milli - c.boot
	if most := int64(c.headerUptime()) + farthest; up < 0 || up > most {
		c.strays++
		up = min(max(up, 0), most)
	}
	return uint32(up)
}

// millis returns a time in milliseconds since the epoch.
func (c *clock) millis(ns int64) uint64 {
	if ns < 0 {
		c.strays++
		return 0
	}
	return uint64(ns / milli)
}
