package codec

import "github.com/flowpipeline/pipeline/flow"

// enumNumber finds the number of a value by its name.
func enumNumber(n *jsonName, s []byte) (uint64, bool) {
	if v, ok := flow.EnumValue(n.field, text(s)); ok {
		return v, true
	}
	if string(s) == "NotAnonymized" { // flowpipeline's name of "no"
		info := n.field.Info()
		return flow.AnonymizedNo, info != nil && info.Enum == "Anonymized"
	}
	return 0, false
}

// nameless reports whether s says that a value has no name, as goflow2 does for
// protocols and types of frames that it does not know. The number is lost.
func nameless(s []byte) bool {
	switch string(s) {
	case "", "unknown", "unassigned", "experimental", "reserved":
		return true
	}
	return false
}
