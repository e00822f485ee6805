package capture

// Record is one captured packet.
type Record struct {
	// Time is when the packet was captured, in nanoseconds since the epoch, and
	// 0 when the capture does not tell. It lies in 0 to MaxTime.
	Time int64
	// Data is what was captured of the frame. It is valid until the next call
	// of Next.
	Data []byte
	// WireLen is the length of the frame on the wire, at least len(Data).
	WireLen int
	// LinkType is the LINKTYPE number of the frame's first header.
	LinkType uint16
	// Interface tells where the packet was captured: an index for
	// Reader.Interface, over all sections of the capture.
	Interface int
	// InterfaceIndex is the ifIndex that the record carries, 0 for none. Only
	// the Linux variant of pcap has it.
	InterfaceIndex uint32
	// Offset is where the record begins, in bytes from the start of the
	// (decompressed) capture.
	Offset int64
}

// Interface is a capturing interface. Classic pcap has one without a name.
type Interface struct {
	Number   uint32 // within its section, from 1; 0 in classic pcap
	Name     string // if_name, "" when not told
	LinkType uint16
}

// MaxTime is the latest time of a record; a later one is cut to it. It leaves
// room to add timeouts without overflow.
const MaxTime = 1 << 62

// MaxRecord is the largest record, with its header, that is read. A longer one
// is an error.
const MaxRecord = 16 << 20

// maxInterfaces bounds what a hostile capture can make a Reader remember.
const maxInterfaces = 1 << 16
