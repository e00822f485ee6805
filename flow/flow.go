package flow

import "time"

// Has reports whether f is set. Fields that live in columns are asked of the
// batch.
func (fl *Flow) Has(f Field) bool {
	return f < firstColumn && fl.present[f>>6]&(1<<(f&63)) != 0
}

func (fl *Flow) mark(f Field) { fl.present[f>>6] |= 1 << (f & 63) }

// Duration returns the time from the first packet to the last, and 0 when
// either is unknown or they are in the wrong order.
func (fl *Flow) Duration() time.Duration {
	if !fl.Has(FieldTimeStart) || !fl.Has(FieldTimeEnd) || fl.TimeEnd < fl.TimeStart {
		return 0
	}
	return time.Duration(fl.TimeEnd - fl.TimeStart)
}

// Start returns the time of the first packet, and the zero time if unknown.
func (fl *Flow) Start() time.Time { return fl.time(FieldTimeStart, fl.TimeStart) }

// End returns the time of the last packet, and the zero time if unknown.
func (fl *Flow) End() time.Time { return fl.time(FieldTimeEnd, fl.TimeEnd) }

// Received returns the time of receipt, and the zero time if unknown.
func (fl *Flow) Received() time.Time { return fl.time(FieldTimeReceived, fl.TimeReceived) }

func (fl *Flow) time(f Field, ns int64) time.Time {
	if !fl.Has(f) {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// EventTime returns when the flow happened, as far as a replay is concerned: the
// time of receipt, else of its end, else of its start, in nanoseconds since the
// epoch; 0 if none is known.
func (fl *Flow) EventTime() int64 {
	switch {
	case fl.Has(FieldTimeReceived):
		return fl.TimeReceived
	case fl.Has(FieldTimeEnd):
		return fl.TimeEnd
	}
	return fl.TimeStart
}

// BitsPerSecond returns bytes × 8 over the duration; false when the flow has no
// duration, since a rate over no time means nothing.
func (fl *Flow) BitsPerSecond() (float64, bool) { return fl.rate(fl.Bytes * 8) }

// PacketsPerSecond returns packets over the duration; false when the flow has
// no duration.
func (fl *Flow) PacketsPerSecond() (float64, bool) { return fl.rate(fl.Packets) }

func (fl *Flow) rate(n uint64) (float64, bool) {
	d := fl.Duration()
	if d == 0 {
		return 0, false
	}
	return float64(n) / d.Seconds(), true
}

// Unmarked returns a field whose value is set although its presence is not, and
// false when the flow is consistent. It is for tests of stages that assign to
// the struct's fields without their Set methods.
func (fl *Flow) Unmarked() (Field, bool) {
	for f := Field(1); f < firstColumn; f++ {
		if !fl.Has(f) && !fl.isZero(f) {
			return f, true
		}
	}
	return 0, false
}
