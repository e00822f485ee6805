package sflow

// port is where a packet came in or went out.
type port struct {
	format uint32
	value  uint32
}

// Formats of a port.
const (
	portInterface = 0 // value is an ifIndex
	portDiscarded = 1 // value is the reason
	portMultiple  = 2 // value is how many interfaces there were
)

// Values of portInterface that are no ifIndex.
const (
	ifUnknown = 0
	ifNone    = 0x3fffffff // the device itself
	ifNone32  = 0xffffffff // the same, written without regard to the format
)

// compactPort splits the form of a flow sample.
func compactPort(v uint32) port { return port{format: v >> 30, value: v & 0x3fffffff} }

// index returns the ifIndex, if there is one.
func (p port) index() (uint32, bool) {
	if p.format != portInterface || p.value == ifUnknown || p.value == ifNone || p.value == ifNone32 {
		return 0, false
	}
	return p.value, true
}
