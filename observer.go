package pipeline

import "time"

// Observer is told what happens in a run. Nil functions are not called. They may
// be called concurrently and must not block.
type Observer struct {
	// Opened and Closed tell that a stage did so, or had nothing to do for it.
	Opened func(stage string)
	Closed func(stage string)
	// Batch tells that a stage worked on a batch.
	Batch func(BatchEvent)
	// Failed tells of every error, also those that are retried or dropped.
	Failed func(*StageError)
}

// BatchEvent is one call of a stage.
type BatchEvent struct {
	Stage   string
	In, Out int // flows before and after; a source has none before
	Busy    time.Duration
}
