package schema

// Enum is a set of named values.
type Enum struct {
	Doc    string
	Ref    string
	Values []Value
	// Open sets are registries too long to list whole here: only the names
	// that this library writes are given.
	Open bool
}

// Value is one named value. Name is the Go name behind the set's own, Text is
// what outputs print.
type Value struct {
	Number int
	Name   string
	Text   string
}

// Enums holds the named values by the key in Field.Enum.
var Enums = map[string]Enum{
	"Type": {Doc: "protocol that a record arrived by", Ref: "goflow2, flowpipeline", Values: []Value{
		{0, "Unknown", "FLOWUNKNOWN"}, {1, "SFlow5", "SFLOW_5"}, {2, "NetFlowV5", "NETFLOW_V5"}, {3, "NetFlowV9", "NETFLOW_V9"},
		{4, "IPFIX", "IPFIX"}, {5, "EBPF", "EBPF"}, {6, "Packet", "PACKET"}, {7, "NetFlowV7", "NETFLOW_V7"}}},
	"RecordType": {Doc: "kind of a record", Values: []Value{
		{0, "Flow", "flow"}, {1, "Counters", "counters"}, {2, "Drop", "drop"}, {3, "Event", "event"}}},
	"Direction": {Doc: "direction at the observation point", Ref: "IANA IPFIX 61", Values: []Value{
		{0, "Ingress", "ingress"}, {1, "Egress", "egress"}}},
	"EndReason": {Doc: "why a flow was ended", Ref: "IANA IPFIX 136", Values: []Value{
		{1, "Idle", "idle timeout"}, {2, "Active", "active timeout"}, {3, "Detected", "end of flow detected"}, {4, "Forced", "forced end"}, {5, "Resources", "lack of resources"}}},
	"BiflowDirection": {Doc: "which end of a biflow is the source", Ref: "RFC 5103 6.3", Values: []Value{
		{0, "Arbitrary", "arbitrary"}, {1, "Initiator", "initiator"}, {2, "ReverseInitiator", "reverseInitiator"}, {3, "Perimeter", "perimeter"}}},
	"RPKI": {Doc: "origin validation state", Ref: "RFC 6811 2", Values: []Value{
		{0, "Unknown", "unknown"}, {1, "Valid", "valid"}, {2, "NotFound", "notfound"}, {3, "Invalid", "invalid"}}},
	"RPKIReason": {Doc: "why a route is invalid", Ref: "RFC 6811 2", Values: []Value{
		{0, "None", ""}, {1, "Origin", "origin"}, {2, "Length", "length"}}},
	"Tunnel": {Doc: "encapsulation of an inner packet", Ref: "RFC 2784, 7348, 2003, 8926", Values: []Value{
		{0, "None", ""}, {1, "GRE", "gre"}, {2, "VXLAN", "vxlan"}, {3, "IPIP", "ipip"}, {4, "Geneve", "geneve"}, {5, "Teredo", "teredo"}}},
	"FirewallEvent": {Doc: "what a firewall did with a flow", Ref: "IANA IPFIX 233", Values: []Value{
		{0, "Ignore", "ignore"}, {1, "Created", "created"}, {2, "Deleted", "deleted"}, {3, "Denied", "denied"}, {4, "Alert", "alert"}, {5, "Update", "update"}}},
	"NATEvent": {Doc: "what a translator did", Ref: "RFC 8158 4.3", Values: []Value{
		{1, "TranslationCreate", "translation create"}, {2, "TranslationDelete", "translation delete"}, {3, "AddressesExhausted", "addresses exhausted"},
		{4, "NAT44SessionCreate", "NAT44 session create"}, {5, "NAT44SessionDelete", "NAT44 session delete"}, {6, "NAT64SessionCreate", "NAT64 session create"}, {7, "NAT64SessionDelete", "NAT64 session delete"},
		{8, "NAT44BIBCreate", "NAT44 BIB create"}, {9, "NAT44BIBDelete", "NAT44 BIB delete"}, {10, "NAT64BIBCreate", "NAT64 BIB create"}, {11, "NAT64BIBDelete", "NAT64 BIB delete"},
		{12, "PortsExhausted", "ports exhausted"}, {13, "QuotaExceeded", "quota exceeded"}, {14, "BindingCreate", "address binding create"}, {15, "BindingDelete", "address binding delete"},
		{16, "PortBlockAllocate", "port block allocate"}, {17, "PortBlockFree", "port block free"}, {18, "ThresholdReached", "threshold reached"}}},
	"NATRealm": {Doc: "side of a translator", Ref: "IANA IPFIX 229", Values: []Value{{1, "Internal", "internal"}, {2, "External", "external"}}},
	"NATQuotaEvent": {Doc: "quota of a translator", Ref: "RFC 8158 4.3", Values: []Value{
		{1, "Sessions", "sessions"}, {2, "BIBs", "BIB entries"}, {3, "UserBIBs", "entries per user"}, {4, "Subscribers", "active hosts or subscribers"}, {5, "Fragments", "fragments pending"}}},
	"NATThresholdEvent": {Doc: "threshold of a translator", Ref: "RFC 8158 4.3", Values: []Value{
		{1, "PoolHigh", "address pool high"}, {2, "PoolLow", "address pool low"}, {3, "PortsHigh", "mapped ports high"}, {4, "UserPortsHigh", "mapped ports per user high"}, {5, "AddressesHigh", "mapped addresses high"}}},
	"Side": {Doc: "a side of a flow", Ref: "flowpipeline", Values: []Value{
		{0, "Neither", "neither"}, {1, "Src", "src"}, {2, "Dst", "dst"}}},
	"Anonymized": {Doc: "how an address was made anonymous", Ref: "flowpipeline", Values: []Value{
		{0, "No", "no"}, {1, "CryptoPAn", "cryptopan"}, {2, "Subnet", "subnet"}, {3, "SubnetAndCryptoPAn", "subnet and cryptopan"}}},
	"Bool": {Doc: "no or yes", Values: []Value{{0, "No", "no"}, {1, "Yes", "yes"}}},
	"IfDuplex": {Doc: "directions in which an interface carries traffic", Ref: "sFlow version 5", Values: []Value{
		{0, "Unknown", "unknown"}, {1, "Full", "full-duplex"}, {2, "Half", "half-duplex"}, {3, "In", "in"}, {4, "Out", "out"}}},
	"IfStatus":   {Doc: "state of an interface", Ref: "RFC 2863", Values: []Value{{1, "Up", "up"}, {2, "Down", "down"}}},
	"DropReason": {Doc: "why a packet was dropped", Ref: "sFlow dropped packet notification", Open: true, Values: dropReasons},
	"Layer": {Doc: "kind of header in a packet", Ref: "goflow2", Values: []Value{
		{0, "Ethernet", "Ethernet"}, {1, "IPv4", "IPv4"}, {2, "IPv6", "IPv6"}, {3, "TCP", "TCP"}, {4, "UDP", "UDP"}, {5, "MPLS", "MPLS"}, {6, "Dot1Q", "Dot1Q"},
		{7, "ICMP", "ICMP"}, {8, "ICMPv6", "ICMPv6"}, {9, "GRE", "GRE"}, {10, "IPv6HeaderRouting", "IPv6HeaderRouting"}, {11, "IPv6HeaderFragment", "IPv6HeaderFragment"},
		{12, "Geneve", "Geneve"}, {13, "Teredo", "Teredo"}, {99, "Custom", "Custom"}}},
	"EtherType": {Doc: "type of a frame's payload", Ref: "IEEE 802 numbers", Open: true, Values: []Value{
		{0x0800, "IPv4", "IPv4"}, {0x0806, "ARP", "ARP"}, {0x86dd, "IPv6", "IPv6"}, {0x8847, "MPLS", "MPLS"}, {0x8848, "MPLSMulticast", "MPLS multicast"}, {0x88cc, "LLDP", "LLDP"}}},
	"Proto": {Doc: "IP protocol", Ref: "IANA protocol numbers", Open: true, Values: []Value{
		{1, "ICMP", "ICMP"}, {2, "IGMP", "IGMP"}, {4, "IPIP", "IPIP"}, {6, "TCP", "TCP"}, {17, "UDP", "UDP"}, {41, "IPv6", "IPv6"}, {47, "GRE", "GRE"}, {50, "ESP", "ESP"},
		{51, "AH", "AH"}, {58, "ICMPv6", "ICMPv6"}, {89, "OSPF", "OSPF"}, {94, "IPIPOld", "IPIP-94"}, {103, "PIM", "PIM"}, {112, "VRRP", "VRRP"}, {132, "SCTP", "SCTP"}, {136, "UDPLite", "UDP-Lite"}}},
}
