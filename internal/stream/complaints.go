package stream

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// complaintsEvery is the shortest time between two log lines.
const complaintsEvery = time.Second

// complaints tell the log of connections that end in an error: the first at once,
// of the others the latest once in a while, since anybody can make them.
type complaints struct {
	log *slog.Logger

	mu     sync.Mutex
	next   time.Time // when something can be told again
	untold uint64    // since the latest line
}

func (c *complaints) add(text string, from netip.AddrPort, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Before(c.next) {
		c.untold++
		return
	}
	c.log.Warn(text, "exporter", from, "error", err, "untold", c.untold)
	c.next, c.untold = now.Add(complaintsEvery), 0
}
