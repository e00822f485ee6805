package packet

// LinkType says what a frame begins with, as LINKTYPE numbers of pcap do.
type LinkType uint16

// The link types that Parse knows.
const (
	LinkNull       LinkType = 0   // BSD loopback, address family in the byte order of the host
	LinkEthernet   LinkType = 1   // IEEE 802.3
	LinkTokenRing  LinkType = 6   // IEEE 802.5
	LinkPPP        LinkType = 9   // PPP, RFC 1661
	LinkFDDI       LinkType = 10  // FDDI, RFC 1390
	LinkRawBSD     LinkType = 12  // IPv4 or IPv6, as most systems number it
	LinkRawOpen    LinkType = 14  // IPv4 or IPv6, as OpenBSD numbers it
	LinkPPPHDLC    LinkType = 50  // PPP in HDLC-like framing, RFC 1662
	LinkPPPoE      LinkType = 51  // PPPoE session, RFC 2516
	LinkATM        LinkType = 100 // LLC in AAL5, RFC 2684
	LinkRaw        LinkType = 101 // IPv4 or IPv6
	LinkCiscoHDLC  LinkType = 104 // Cisco PPP with HDLC framing
	LinkIEEE80211  LinkType = 105 // IEEE 802.11, without a radio's header
	LinkFrameRelay LinkType = 107 // Frame Relay, RFC 2427
	LinkLoop       LinkType = 108 // OpenBSD loopback, address family in network order
	LinkLinuxSLL   LinkType = 113 // Linux cooked capture v1
	LinkMPLS       LinkType = 219 // MPLS label stack
	LinkIPv4       LinkType = 228 // IPv4
	LinkIPv6       LinkType = 229 // IPv6
	LinkLinuxSLL2  LinkType = 276 // Linux cooked capture v2
)
