package netflow

import "github.com/flowpipeline/pipeline/flow"

const milli = 1_000_000 // nanoseconds

// Directions of a biflow: that of the record, and the reverse.
const (
	forward = iota
	backward
)

var directions = [...]struct{ start, end flow.Field }{
	forward:  {flow.FieldTimeStart, flow.FieldTimeEnd},
	backward: {flow.FieldReverseTimeStart, flow.FieldReverseTimeEnd},
}

// times gathers what a record says of times that cannot be set at once.
type times struct {
	unresolved bool                   // a time is relative to an unknown start
	lasted     [len(directions)]int64 // [ns], 0 if unknown
	observed   int64                  // [ns since the epoch], 0 if unknown
}

// instant reads an absolute time as an operation does; 0 when it is unknown.
func instant(o op, v []byte) int64 {
	n := number(v)
	switch o {
	case opSeconds:
		return seconds(n)
	case opMilli:
		return millis(n)
	case opMicro, opNTP:
		if n == 0 || len(v) != 8 {
			return 0
		}
		if o == opMicro {
			return ntpMicros(n)
		}
		return ntpNanos(n)
	}
	return 0
}

// seconds and millis turn a time into nanoseconds; 0, which stands for an unknown
// time, and what does not fit stay or become 0.
func seconds(n uint64) int64 {
	if n >= 1<<63/1_000_000_000 {
		return 0
	}
	return int64(n) * 1e9
}

func millis(n uint64) int64 {
	if n >= 1<<63/1_000_000 {
		return 0
	}
	return int64(n) * milli
}

// ntpSeconds returns the seconds of an NTP timestamp [ns since the epoch]. The
// era that began in 1900 ends in 2036; what would lie before 1968 is of the next
// one.
func ntpSeconds(v uint64) int64 {
	s := int64(v>>32) - ntpEpoch
	if v>>63 == 0 {
		s += 1 << 32
	}
	return s * 1e9
}

// ntpNanos reads dateTimeNanoseconds (RFC 7011 6.1.10), to the nearest one.
func ntpNanos(v uint64) int64 {
	return ntpSeconds(v) + int64(((v&(1<<32-1))*1e9+1<<31)>>32)
}

// ntpMicros reads dateTimeMicroseconds (RFC 7011 6.1.9), to the nearest one. The
// lowest 11 bits mean nothing.
func ntpMicros(v uint64) int64 {
	return ntpSeconds(v) + int64(((v&(1<<32-1<<11))*1e6+1<<31)>>32)*1000
}

// setTime sets a time unless it is unknown.
func setTime(b *flow.Batch, fl *flow.Flow, f flow.Field, ns int64) {
	if ns != 0 {
		b.SetUint(fl, f, uint64(ns))
	}
}

// derive sets times that follow from others: the end from the start and how long
// it took, or the other way round; else both are when the event was observed.
func (d *Decoder) derive(fl *flow.Flow, b *flow.Batch) {
	t := &d.rec.times
	for i, dir := range directions {
		start, hasStart := b.Uint(fl, dir.start)
		end, hasEnd := b.Uint(fl, dir.end)
		switch lasted := uint64(t.lasted[i]); {
		case lasted == 0 || hasStart == hasEnd:
		case hasStart:
			b.SetUint(fl, dir.end, start+lasted)
		default:
			b.SetUint(fl, dir.start, end-lasted)
		}
	}
	if t.observed == 0 {
		return
	}
	for _, f := range [...]flow.Field{flow.FieldTimeStart, flow.FieldTimeEnd} {
		if !fl.Has(f) {
			b.SetUint(fl, f, uint64(t.observed))
		}
	}
}
