package pipeline

import "time"

// Clock tells a pipeline's time. Now may be called concurrently.
type Clock interface {
	Now() time.Time
}

// WallClock is the time of day.
func WallClock() Clock { return wallClock{} }

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// EventClock is the time that the flows tell (flow.Flow.EventTime). It never goes back. The engine cuts batches where a
// tick is due, so a replay gives the same result at any batch size and speed.
func EventClock() Clock { return new(eventClock) }

type eventClock struct{ wallClock }
