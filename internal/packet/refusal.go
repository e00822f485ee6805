package packet

// Refusal says why a frame is no IP packet; Accepted is 0.
type Refusal uint8

// The reasons.
const (
	Accepted        Refusal = iota
	ARP                     // ARP or RARP
	LLDP                    // LLDP
	LLC                     // IEEE 802.2 frame with a length in place of a type: STP, IS-IS …
	PPPControl              // PPPoE discovery, or a PPP protocol other than IP
	OtherEtherType          // a type that carries no IP
	MPLSPayload             // what the label stack carries is not IP
	UnsupportedLink         // a link type that Parse does not know
	Truncated               // the frame ends within a header up to the IP header
	BadVersion              // the version in the IP header is not the one announced
	BadLength               // a length in the IP header is less than the header
	TooManyTags             // more VLAN tags or labels than the bound
	Refusals                // how many there are
)

var refusalNames = [Refusals]string{
	"accepted", "arp", "lldp", "llc", "ppp_control", "other_ethertype",
	"mpls_payload", "unsupported_link_type", "truncated_header",
	"bad_ip_version", "bad_ip_length", "too_many_tags",
}

// String returns the reason in the form of a counter's name.
func (r Refusal) String() string {
	if r < Refusals {
		return refusalNames[r]
	}
	return "unknown"
}
