package collector

import "time"

// reportEvery is how often a lane tells what it refuses.
const reportEvery = int64(time.Minute)

// final is the time of the last report.
const final = -1

// report tells the log that something was refused, at once and then once in a
// while.
type report struct {
	next int64  // when it may be told again, by the pipeline's clock
	told uint64 // how much was refused when it was told
}

func (r *report) log(l *Lane, now int64) {
	if now < r.next && now != final {
		return
	}
	n, example := l.dec.refused()
	n += l.counts.refused
	if n == r.told {
		return
	}
	r.next = now + reportEvery
	l.env.Logger.Warn("parts of flow exports were refused; the counters say why", "count", n-r.told, "latest", example)
	r.told = n
}
