package sink

import (
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// containerDigits is how much of a container's id is printed, as Docker does.
const containerDigits = 12

// process prints what Processes adds.
func process(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	if pid, ok := b.PID(fl); ok {
		dst = append(dst, ", by "...)
		if name, ok := b.ProcessName(fl); ok {
			dst = append(appendSafe(dst, b.Symbols().String(name)), '/')
		}
		dst = appendUint(dst, uint64(pid))
		if id, ok := b.Container(fl); ok {
			dst = append(dst, " in "...)
			dst = appendSafe(dst, string(id[:min(len(id), containerDigits)]))
		}
	}
	if rtt, ok := b.RTT(fl); ok {
		dst = duration(append(dst, ", RTT "...), time.Duration(rtt))
	}
	return dst
}
