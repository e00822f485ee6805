package filter

import (
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// Names of values. They are looked up in lower case.

var protocolNames = map[string]ranges{
	// The registry's keyword IPIP is 94, but what operators mean is 4.
	"ipip": newRanges([]span{{4, 4}, {94, 94}}),
}

func protocolName(w string) (ranges, bool) {
	if r, ok := protocolNames[w]; ok {
		return r, true
	}
	if r, ok := enumName(flow.FieldProto)(w); ok {
		return r, true
	}
	return fromMap(protocolWords)(w)
}

// enumName looks names up among those of a field's values.
func enumName(f flow.Field) func(string) (ranges, bool) {
	return func(w string) (ranges, bool) {
		v, ok := flow.EnumValue(f, w)
		return one(v), ok
	}
}

func fromMap(m map[string]uint64) func(string) (ranges, bool) {
	return func(w string) (ranges, bool) {
		v, ok := m[w]
		return one(v), ok
	}
}

var etherTypes = map[string]uint64{
	"ipv4": 0x0800, "ip": 0x0800, "ip4": 0x0800, "ipv6": 0x86dd, "ip6": 0x86dd, "arp": 0x0806, "mpls": 0x8847, "lldp": 0x88cc,
}

// statusNames are those of RFC 7270 4.12: the class in the top two bits, then the
// reason.
var statusNames = map[string]ranges{
	"unknown": {{0, 63}}, "forwarded": {{64, 127}}, "dropped": {{128, 191}}, "consumed": {{192, 255}},
	"fragmented": one(65), "notfragmented": one(66), "tunneled": one(67), "aclredirect": one(68),
	"acldeny": one(129), "acldrop": one(130), "unroutable": one(131), "adjacency": one(132),
	"fragmentationdf": one(133), "badchecksum": one(134), "badtotallength": one(135), "badheaderlength": one(136),
	"badttl": one(137), "policerdrop": one(138), "policer": one(138), "wred": one(139), "rpf": one(140), "forus": one(141),
	"badoutput": one(142), "hardware": one(143), "puntadjacency": one(193), "incompleteadjacency": one(194), "consumedforus": one(195),
}

func statusName(w string) (ranges, bool) {
	r, ok := statusNames[strings.NewReplacer("-", "", "_", "").Replace(w)]
	return r, ok
}

// dscpNames are those of RFC 4594, RFC 5865 (va) and RFC 8622 (le).
var dscpNames = map[string]uint64{
	"default": 0, "besteffort": 0, "be": 0, "df": 0, "le": 1, "ef": 46, "va": 44,
	"cs0": 0, "cs1": 8, "cs2": 16, "cs3": 24, "cs4": 32, "cs5": 40, "cs6": 48, "cs7": 56,
	"af11": 10, "af12": 12, "af13": 14, "af21": 18, "af22": 20, "af23": 22,
	"af31": 26, "af32": 28, "af33": 30, "af41": 34, "af42": 36, "af43": 38,
}

var ecnNames = map[string]uint64{"notect": 0, "not-ect": 0, "ect1": 1, "ect0": 2, "ce": 3}

var rpkiNames = map[string]uint64{
	"unknown": uint64(flow.RPKIUnknown), "valid": uint64(flow.RPKIValid), "notfound": uint64(flow.RPKINotFound),
	"not-found": uint64(flow.RPKINotFound), "invalid": uint64(flow.RPKIInvalid),
}

// flagNames are masks of TCP flags (RFC 9293, RFC 3168; NS of RFC 3540).
var flagNames = map[string]uint16{
	"fin": 0x01, "syn": 0x02, "rst": 0x04, "psh": 0x08, "push": 0x08, "ack": 0x10, "urg": 0x20, "ece": 0x40, "cwr": 0x80, "ns": 0x100,
	"synack": 0x12, "finack": 0x11, "rstack": 0x14, "pshack": 0x18,
	"tcp-fin": 0x01, "tcp-syn": 0x02, "tcp-rst": 0x04, "tcp-push": 0x08, "tcp-ack": 0x10, "tcp-urg": 0x20, "tcp-ece": 0x40, "tcp-cwr": 0x80,
}

const allFlags = 0x1ff

// flagLetters returns the mask that letters like SA stand for.
func flagLetters(s string) (mask uint16, ok bool) {
	if s == "0" {
		return 0, true
	}
	for _, c := range s {
		at := strings.IndexRune("FSRPAUECN", c)
		switch {
		case at >= 0:
			mask |= 1 << at
		case c == 'W': // CWR, as tcpdump writes it
			mask |= 0x80
		case c == 'X': // all, as in nfdump
			mask |= allFlags &^ 0x100
		default:
			return 0, false
		}
	}
	return mask, s != ""
}

// services are the ports that people call by name (IANA service names).
var services = map[string]uint64{
	"ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "tacacs": 49, "dns": 53, "domain": 53, "bootps": 67, "bootpc": 68, "dhcp": 67,
	"tftp": 69, "http": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139,
	"imap": 143, "snmp": 161, "snmptrap": 162, "bgp": 179, "ldap": 389, "https": 443, "microsoft-ds": 445, "submissions": 465, "isakmp": 500,
	"syslog": 514, "submission": 587, "ldaps": 636, "domain-s": 853, "imaps": 993, "pop3s": 995, "openvpn": 1194, "ssdp": 1900, "nfs": 2049,
	"mysql": 3306, "ms-wbt-server": 3389, "rdp": 3389, "stun": 3478, "ipsec-nat-t": 4500, "vxlan": 4789, "sip": 5060, "sips": 5061, "mdns": 5353,
	"postgresql": 5432, "memcached": 11211, "memcache": 11211,
}
