package rtr

import (
	"errors"
	"time"
)

// What a client holds, and for how long.

// latest returns what a cache told last, if that is what is held.
func (c *Client) latest(i int) *snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != i {
		return nil
	}
	return c.have
}

// accept takes over what a cache told.
func (c *Client) accept(i int, now *snapshot, changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.have, c.of = now, i
	c.expires = time.Now().Add(now.times.expire)
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.expiry = time.AfterFunc(now.times.expire, c.expire)
	if changed || !c.usable {
		c.usable = true
		c.Update(now.set, true)
	}
}

// forget has the next session with a cache ask for everything if a mistake ended
// this one, or if it has not worked: some caches that do not know the serial say
// nothing. What there is stays in use, unless it must not (RFC 8210 5.1).
func (c *Client) forget(i int, worked bool, err error) {
	var mistake *Error
	if !errors.As(err, &mistake) && worked {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != i {
		return
	}
	c.have = nil
	if mistake != nil && mistake.flush {
		c.drop("the cache has begun another session")
	}
}

// expire drops what no cache has confirmed in time.
func (c *Client) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.expires) {
		return // confirmed while this call waited
	}
	c.have = nil
	c.drop("no cache has confirmed them in time")
}

func (c *Client) drop(why string) {
	if !c.usable {
		return
	}
	c.usable = false
	c.Log.Warn("VRPs are dropped", "why", why)
	c.Update(nil, false)
}

// stop ends the timer. Nothing is told any more when it returns.
func (c *Client) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.usable = false
}
