package fields

import "github.com/flowpipeline/pipeline/flow"

// column is a field beside the flows, and what tells in which rows it is there.
type column struct {
	field   flow.Field
	present presence
}

// presence returns the presence of a column by row; nil when it is not in use.
type presence func(*flow.Batch, flow.Field) []bool

// present is the presence of columns of each kind.
var present = map[flow.Kind]presence{
	flow.KindU8:      of[uint8],
	flow.KindU16:     of[uint16],
	flow.KindU32:     of[uint32],
	flow.KindU64:     of[uint64],
	flow.KindTime:    of[int64],
	flow.KindAddr:    of[flow.Addr],
	flow.KindMAC:     of[flow.MAC],
	flow.KindCountry: of[flow.Country],
	flow.KindSymbol:  of[flow.Symbol],
	flow.KindText:    of[flow.Text],
	flow.KindU32s:    of[flow.List],
	flow.KindAddrs:   of[flow.AddrList],
}

func of[T flow.Value](b *flow.Batch, f flow.Field) []bool {
	_, has := flow.Column[T](b, f)
	return has
}
