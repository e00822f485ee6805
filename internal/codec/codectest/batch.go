package codectest

import (
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Empty returns an empty batch for n flows of a layout, which may be nil.
func Empty(n int, layout *flow.Layout) *flow.Batch {
	return flow.NewOwner(flow.OwnerConfig{Size: max(n, 1), Layout: layout}).Begin(0, time.Time{})
}

// Dump returns the fields of a flow that are present, by name, as values that
// can be compared across batches.
func Dump(b *flow.Batch, fl *flow.Flow) map[string]any {
	m := map[string]any{}
	fields := append(flow.Fields(), b.Layout().Extensions()...)
	for _, f := range fields {
		if !b.Has(fl, f) {
			continue
		}
		info := b.Layout().Info(f)
		switch info.Kind {
		case flow.KindAddr:
			m[info.Name], _ = b.Addr(fl, f)
		case flow.KindCountry, flow.KindSymbol, flow.KindText:
			s, _ := b.Text(fl, f)
			m[info.Name] = string(s)
		case flow.KindU32s:
			l, _ := b.U32s(fl, f)
			m[info.Name] = fmt.Sprint(l)
		case flow.KindAddrs:
			l, _ := b.Addrs(fl, f)
			m[info.Name] = fmt.Sprint(l)
		default:
			m[info.Name], _ = b.Uint(fl, f)
		}
	}
	return m
}
