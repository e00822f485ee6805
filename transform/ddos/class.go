package ddos

import "github.com/flowpipeline/pipeline/flow"

// Class is a kind of attack traffic. Each flow belongs to one.
type Class uint8

// The classes. From Amplification on there is one for each service that
// amplifies; see AmplificationOf.
const (
	Other         Class = iota
	UDP                 // UDP that is nothing below
	TCP                 // TCP that is not SYN: floods of ACK, RST, data
	SYN                 // flows whose TCP flags have SYN and never ACK
	ICMP                // ICMP and ICMPv6
	Fragments           // IP fragments that are known as such
	Tunnels             // GRE, ESP, IP in IP
	Amplification       // UDP from a port of a service that amplifies
)

// amplifiers are the UDP services whose answers are known to be far longer than
// the questions, by source port. Class Amplification+i is the i-th.
var amplifiers = [...]struct {
	port uint16
	name string
}{
	{17, "qotd"}, {19, "chargen"}, {53, "dns"}, {69, "tftp"}, {111, "portmap"}, {123, "ntp"}, {137, "netbios"},
	{161, "snmp"}, {389, "cldap"}, {427, "slp"}, {520, "rip"}, {1434, "mssql"}, {1900, "ssdp"}, {3283, "ard"},
	{3702, "wsd"}, {5353, "mdns"}, {5683, "coap"}, {10001, "ubiquiti"}, {11211, "memcached"}, {37810, "dvr"},
}

const numClasses = int(Amplification) + len(amplifiers)

// classOfPort is the class of UDP from a port, for those below 64 Ki.
type classOfPort [1 << 16]Class

func newClassOfPort() *classOfPort {
	t := new(classOfPort)
	for i := range t {
		t[i] = UDP
	}
	for i, a := range amplifiers {
		t[a.port] = Amplification + Class(i)
	}
	return t
}

// AmplificationOf returns the class of amplification by the service at a UDP
// port, and false when none is known to amplify.
func AmplificationOf(port uint16) (Class, bool) {
	for i, a := range amplifiers {
		if a.port == port {
			return Amplification + Class(i), true
		}
	}
	return 0, false
}

// String returns the class as events tell it: "syn", "ntp amplification".
func (c Class) String() string {
	switch {
	case int(c) >= numClasses:
		return "unknown"
	case c >= Amplification:
		return amplifiers[c-Amplification].name + " amplification"
	}
	return [...]string{"other", "udp", "tcp", "syn", "icmp", "fragments", "tunnels"}[c]
}

// port returns the source port that the class implies.
func (c Class) port() (uint16, bool) {
	if c < Amplification || int(c) >= numClasses {
		return 0, false
	}
	return amplifiers[c-Amplification].port, true
}

// proto returns the IP protocol that the class implies.
func (c Class) proto(v4 bool) (uint8, bool) {
	switch {
	case c == ICMP && v4:
		return flow.ProtoICMP, true
	case c == ICMP:
		return flow.ProtoICMPv6, true
	case c == TCP || c == SYN:
		return flow.ProtoTCP, true
	case c == UDP || c >= Amplification:
		return flow.ProtoUDP, true
	}
	return 0, false
}

const (
	flagSYN = 0x02
	flagACK = 0x10
)

// classify returns the class of a flow. A fragment comes before its protocol, as
// only the first one has ports.
func (t *classOfPort) classify(fl *flow.Flow) Class {
	if fl.FragmentOffset != 0 || fl.IPFlags&1 != 0 {
		return Fragments
	}
	switch fl.Proto {
	case flow.ProtoUDP:
		return t[fl.SrcPort]
	case flow.ProtoTCP:
		if fl.TCPFlags&(flagSYN|flagACK) == flagSYN {
			return SYN
		}
		return TCP
	case flow.ProtoICMP, flow.ProtoICMPv6:
		return ICMP
	case flow.ProtoGRE, flow.ProtoESP, flow.ProtoIPIP, flow.ProtoIPv6:
		return Tunnels
	}
	return Other
}
