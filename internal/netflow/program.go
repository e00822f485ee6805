package netflow

import "github.com/flowpipeline/pipeline/flow"

// instr is one step of decoding a record: what to do with one field of it.
type instr struct {
	op     op
	empty  bool   // only if the flow's field is empty: another element came before
	index  uint8  // of a list, or a kind
	part   uint16 // of the record, see layout
	src    uint16 // offset in the part
	size   uint16 // bytes in the record
	behind bool   // has a length of its own, and lies behind the part
	dst    uint16 // offset in the flow, for fast operations
	field  flow.Field
	copy   copier // of opCopy
}

// op is an operation.
type op uint8

// Fast operations are independent of each other, and run for many records of one
// length at once.
const (
	opCopy     op = iota // by instr.copy
	opUptimeV9           // milliseconds of uptime of 4 bytes
	opMillis             // milliseconds since the epoch of 8 bytes
	opColumn             // a number or an address into a column

	opGeneral // from here on Decoder.set does the work

	opUint     // a number, into whatever width
	opAddr     // an address
	opMAC      // a MAC address
	opText     // a text
	opSymbol   // a text from a bounded set
	opUptime   // milliseconds of the system's uptime
	opSeconds  // since the epoch
	opMilli    // milliseconds since the epoch
	opMicro    // NTP timestamp of whole microseconds
	opNTP      // NTP timestamp
	opDelta    // microseconds before the export
	opInit     // systemInitTimeMilliseconds
	opObserved // when the event was observed, read as index says
	opDuration // from the start to the end, milliseconds
	opDurationMicro
	opICMP      // type and code in one number
	opIPVersion // 4 or 6
	opFragment  // the flags of the IPv4 fragment field, in the top bits
	opShift     // the top bits of an 8-bit field, index bits up
	opValidity  // RFC 8097's origin validation state
	opSegmentID // overlay in the top byte, and segment
	opGREKey    // a GRE key
	opLabel     // entry of a label stack
	opLabels    // a label stack
	opTTL       // a list of one number
	opAddrs     // a list of one address
	opSegments  // 16 bytes each
	opWords     // numbers of 4 bytes
	opHeader    // a segment routing header
	opItem      // one of a list
	opBasicList // a basicList (RFC 6313) of addresses or numbers
	opAppID     // engine and selector
	opSampling  // what tells the sampling rate
	opSelector  // NetFlow v9's sampling algorithm
)

// program is what a template is compiled to. It does not change.
type program struct {
	fast     []instr   // for a block of records at once, before code
	code     []instr   // for one record after the other
	proto    flow.Flow // the presence that every flow has, and constants
	flags    flags
	unmapped []unmappedField
}

// flags say what is to be done besides the instructions.
type flags uint16

const (
	fetchInit    flags = 1 << iota // times are relative to a start told elsewhere
	etherByAddr                    // the EtherType follows from the address
	innerByAddr                    // the same of the inner packet
	icmpFromPort                   // ICMP type and code are in the destination port
	stackLabels                    // there is a label stack
	sampled                        // the record tells its sampling rate
	hasSampler                     // the record tells its sampler
	derived                        // a time follows from another
	inPort                         // the record has an input interface without a name
	outPort
	inVRF // the record has an input VRF without a name
	outVRF
	app // the record has an application without a name
)

// perRecord are the flags that need the values of a record to be cleared first.
const perRecord = fetchInit | stackLabels | sampled | derived
