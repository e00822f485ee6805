package rtr

import "time"

// intervals are how long a router waits (RFC 8210 6).
type intervals struct {
	refresh time.Duration // until it asks for changes
	retry   time.Duration // after a failure, until it tries again
	expire  time.Duration // until data that was not confirmed is dropped
}

// usual are the intervals where a cache tells none.
var usual = intervals{time.Hour, 10 * time.Minute, 2 * time.Hour}

// bounded keeps intervals within what the RFC allows.
func (v intervals) bounded() intervals {
	const day = 24 * time.Hour
	v.refresh = min(max(v.refresh, time.Second), day)
	v.retry = min(max(v.retry, time.Second), 2*time.Hour)
	v.expire = min(max(v.expire, 10*time.Minute), 2*day)
	return v
}
