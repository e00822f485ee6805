package netflow

import (
	"errors"
	"fmt"
	"slices"

	"github.com/flowpipeline/pipeline/flow"
)

const (
	variable   = 0xffff // length of an element whose records tell it (RFC 7011 7)
	reversePEN = 29305  // RFC 5103

	ieTCPFlags          = 6
	ieEndUptime         = 21
	ieStartUptime       = 22
	ieFlowLabel         = 31
	ieICMPv4            = 32
	ieSamplerAlgo       = 35
	ieSamplerID         = 48
	ieSamplerMode       = 49
	ieSamplerInterval   = 50
	ieLabelFirst        = 70
	ieICMPv6            = 139
	ieObservationDomain = 149
	ieStartMillis       = 152
	ieEndMillis         = 153
	ieFragmentFlags     = 197
	ieCollectedMillis   = 258
	ieValidityState     = 294
	ieSelectorID        = 302

	maxLabels = 10 // elements 70 to 79
)

// element is one field of a template.
type element struct {
	flow.IE
	length uint16
}

// column is one exported value: how it is read, and its elements by the family of
// an address. label counts those of a label stack.
type column struct {
	field flow.Field
	op    op
	v4    element
	v6    element
	list  element // what a basicList is of
	addr  bool    // its own address tells the family, not the flow
}

// v6of are the elements for IPv6 of those for IPv4.
var v6of = map[uint16]uint16{
	8: 27, 12: 28, 15: 62, 18: 63, 9: 29, 13: 30, 130: 131, 225: 281, 226: 282,
	176: 178, 177: 179,
}

// basicLists are the elements that are basicLists (RFC 6313) of a field that is a
// list, and what they are lists of.
var basicLists = map[uint16]element{
	484: {flow.IE{ID: 483}, 4},
	485: {flow.IE{ID: 483}, 4},
	487: {flow.IE{ID: 486}, 8},
	488: {flow.IE{ID: 486}, 8},
	490: {flow.IE{ID: 489}, 12},
	491: {flow.IE{ID: 489}, 12},
	496: {flow.IE{ID: 494}, 16},
}

// unfit are elements that do not hold what the field they fill holds: they are
// narrower, have numbers of their own, or hold more than it.
var unfit = []uint16{ieICMPv4, ieICMPv6, ieSamplerAlgo, ieSamplerID, ieSamplerMode, 60, ieValidityState}

var errNoElement = errors.New("has no information element")

// bind finds the columns of fields by their names.
func bind(l *flow.Layout, version uint16, names []string) ([]column, error) {
	var errs []error
	var cols []column
	seen := map[flow.Field]bool{}
	for _, name := range names {
		f, ok := l.Lookup(name)
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("no field %q", name))
			continue
		case seen[f]:
			errs = append(errs, fmt.Errorf("field %q is named twice", name))
			continue
		}
		seen[f] = true
		c, err := columnOf(l.Info(f), version)
		if err != nil {
			errs = append(errs, fmt.Errorf("field %q %w", name, err))
			continue
		}
		cols = append(cols, c)
	}
	return mergeICMP(cols), errors.Join(errs...)
}

// mergeICMP makes one column of type and code.
func mergeICMP(cols []column) []column {
	code := slices.IndexFunc(cols, func(c column) bool { return c.field == flow.FieldICMPCode })
	kind := slices.IndexFunc(cols, func(c column) bool { return c.field == flow.FieldICMPType })
	if code < 0 || kind < 0 {
		return cols
	}
	cols[min(code, kind)] = column{
		field: flow.FieldICMPType, op: opICMP,
		v4: element{flow.IE{ID: ieICMPv4}, 2}, v6: element{flow.IE{ID: ieICMPv6}, 2},
	}
	at := max(code, kind)
	return slices.Delete(cols, at, at+1)
}

// columnOf finds the elements of a field.
func columnOf(info *flow.FieldInfo, version uint16) (column, error) {
	c := column{field: info.Field, op: opNumber}
	if len(info.IPFIX) == 0 {
		return c, errNoElement
	}
	switch info.Kind {
	case flow.KindTime:
		return timeColumn(c, info, version)
	case flow.KindU32s, flow.KindAddrs:
		return listColumn(c, info, version)
	}
	ie, ok := first(info, version, func(ie flow.IE) bool { return ie.PEN != 0 || !slices.Contains(unfit, ie.ID) })
	if !ok {
		return c, fmt.Errorf("%w in NetFlow v9", errNoElement)
	}
	c.v4 = element{IE: ie}
	switch info.Kind {
	case flow.KindU8:
		c.v4.length = 1
	case flow.KindU16:
		c.v4.length = 2
	case flow.KindU32:
		c.v4.length = 4
	case flow.KindU64:
		c.v4.length = 8
	case flow.KindMAC:
		c.v4.length = 6
	case flow.KindAddr:
		c.op, c.v4.length = opAddr6, 16
	case flow.KindText, flow.KindSymbol, flow.KindCountry:
		c.op, c.v4.length = opText, variable
		if version == v9 {
			return c, errors.New("is a text, which NetFlow v9 cannot carry")
		}
	default:
		return c, errNoElement
	}
	if ie.PEN == 0 {
		adjust(&c, version)
	}
	c.v6 = c.v4
	if v6, ok := v6of[ie.ID]; ok && ie.PEN == 0 {
		c.v6.ID = v6
		if info.Kind == flow.KindAddr {
			c.addr, c.v4.length = true, 4
		}
	}
	if fast, ok := fastOps[info.Field]; ok && c.op != opText {
		c.op = fast
	}
	return c, nil
}

// adjust sets what is peculiar to an element.
func adjust(c *column, version uint16) {
	switch {
	case c.v4.ID == ieTCPFlags && version == v9:
		c.v4.length = 1
	case c.v4.ID == ieFlowLabel && version == v9:
		c.v4.length = 3
	case c.v4.ID == ieFragmentFlags:
		c.op = opIPFlags
	}
}

// first returns the first element of a field that fits.
func first(info *flow.FieldInfo, version uint16, fits func(flow.IE) bool) (flow.IE, bool) {
	i := slices.IndexFunc(info.IPFIX, func(ie flow.IE) bool { return (ie.PEN == 0 || version == ipfix) && fits(ie) })
	if i < 0 {
		return flow.IE{}, false
	}
	return info.IPFIX[i], true
}

// timeColumn takes the element in milliseconds.
func timeColumn(c column, info *flow.FieldInfo, version uint16) (column, error) {
	ids, length := []uint16{ieStartMillis, ieEndMillis, ieCollectedMillis}, uint16(8)
	c.op = opMillis
	if version == v9 && (info.Field == flow.FieldTimeStart || info.Field == flow.FieldTimeEnd) {
		ids, length = []uint16{ieStartUptime, ieEndUptime}, 4
		c.op = opStartUptime
		if info.Field == flow.FieldTimeEnd {
			c.op = opEndUptime
		}
	}
	if fast, ok := fastOps[info.Field]; ok && version == ipfix {
		c.op = fast
	}
	known := info.Field < flow.NumFields
	ie, ok := first(info, version, func(ie flow.IE) bool { return !known || slices.Contains(ids, ie.ID) })
	if !ok {
		return c, fmt.Errorf("%w in NetFlow v9", errNoElement)
	}
	c.v4 = element{ie, length}
	c.v6 = c.v4
	return c, nil
}

// listColumn takes a label stack, or a basicList.
func listColumn(c column, info *flow.FieldInfo, version uint16) (column, error) {
	if info.Field == flow.FieldMPLSLabels {
		c.op, c.v4 = opLabels, element{flow.IE{ID: ieLabelFirst}, 3}
		c.v6 = c.v4
		return c, nil
	}
	ie, ok := first(info, ipfix, func(ie flow.IE) bool { return ie.PEN == 0 && basicLists[ie.ID].length != 0 })
	switch {
	case !ok:
		return c, fmt.Errorf("%w for a list", errNoElement)
	case version == v9:
		return c, errors.New("is a list, which NetFlow v9 cannot carry")
	}
	c.op, c.v4, c.list = opWords, element{ie, variable}, basicLists[ie.ID]
	if info.Kind == flow.KindAddrs {
		c.op = opAddrs
	}
	c.v6 = c.v4
	return c, nil
}
