package filter

import (
	"maps"
	"slices"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// nounKind says how the value behind a noun is read, and what is made of it.
type nounKind uint8

const (
	numberNoun nounKind = iota
	addressNoun
	netNoun // an address, or the beginning of one
	macNoun
	countryNoun
	rpkiNoun
	ifaceNoun
	ecnNoun
	flagsNoun
	icmpNoun
	ratioNoun
	pathNoun
	asPathNoun
	communityNoun
	largeNoun
	tagNoun   // a number, or nothing: the tag is there
	labelNoun // the same of a list
	extremeNoun
	lessNoun
	greaterNoun
	directionNoun
	wordNoun // nothing follows
)

// noun is a word of the language and what it stands for.
type noun struct {
	words string // separated by blanks, the usual one first
	kind  nounKind
	what  string // what the value is, for messages

	src, dst flow.Field // of the sides
	plain    flow.Field // without a side, or besides the sides
	quantity quantity

	most  uint64 // greatest value; 0 means what the field holds
	scale uint64 // of the field to the value, 0 for 1
	names func(string) (ranges, bool)
	known []string // the names, for suggestions
	nanos bool     // the field is in nanoseconds: units of time are understood
	is    node     // of a wordNoun
}

var nounTable = []noun{
	{words: "address host addr ip", kind: addressNoun, src: flow.FieldSrcAddr, dst: flow.FieldDstAddr},
	{words: "net", kind: netNoun, src: flow.FieldSrcAddr, dst: flow.FieldDstAddr},
	{words: "port portrange", what: "a port", src: flow.FieldSrcPort, dst: flow.FieldDstPort, names: fromMap(services), known: keys(services)},
	{words: "iface interface if", kind: ifaceNoun},
	{words: "asn as", what: "an AS number", src: flow.FieldSrcAS, dst: flow.FieldDstAS},
	{words: "netsize", what: "a prefix length", src: flow.FieldSrcPrefixLen, dst: flow.FieldDstPrefixLen, most: 128},
	{words: "cid", what: "a customer", src: flow.FieldSrcCustomerID, dst: flow.FieldDstCustomerID, plain: flow.FieldCustomerID},
	{words: "vrf", what: "a VRF", src: flow.FieldIngressVRF, dst: flow.FieldEgressVRF},
	{words: "country geo", kind: countryNoun, src: flow.FieldSrcCountry, dst: flow.FieldDstCountry},
	{words: "rpki", kind: rpkiNoun, what: "valid, invalid, notfound or unknown", src: flow.FieldSrcRPKI, dst: flow.FieldDstRPKI, names: fromMap(rpkiNames), known: keys(rpkiNames)},
	{words: "mac", kind: macNoun, src: flow.FieldSrcMAC, dst: flow.FieldDstMAC},
	{words: "vlan", kind: tagNoun, what: "a VLAN", src: flow.FieldSrcVLAN, dst: flow.FieldDstVLAN, plain: flow.FieldVLAN, most: 4095},

	{words: "router exporter", kind: addressNoun, plain: flow.FieldExporter},
	{words: "nexthop", kind: addressNoun, plain: flow.FieldNextHop},
	{words: "nexthopasn", what: "an AS number", plain: flow.FieldNextHopAS},
	{words: "bytes", what: "a number of bytes", plain: flow.FieldBytes},
	{words: "packets", what: "a number of packets", plain: flow.FieldPackets},
	{words: "samplingrate", what: "a sampling rate", plain: flow.FieldSamplingRate},
	{words: "med", what: "a number", plain: flow.FieldMED},
	{words: "localpref", what: "a number", plain: flow.FieldLocalPref},
	{words: "iptos tos", what: "a type of service", plain: flow.FieldTOS},
	{words: "dscp", what: "a DSCP", plain: flow.FieldTOS, most: 63, scale: 4, names: fromMap(dscpNames), known: keys(dscpNames)},
	{words: "ecn", kind: ecnNoun, what: "an ECN code", plain: flow.FieldTOS, most: 3, names: fromMap(ecnNames), known: keys(ecnNames)},
	{words: "ttl", what: "a time to live", plain: flow.FieldTTL},
	{words: "min", kind: extremeNoun, plain: flow.FieldMinTTL},
	{words: "max", kind: extremeNoun, plain: flow.FieldMaxTTL},
	{words: "etype", what: "an Ethernet type", plain: flow.FieldEtherType, names: fromMap(etherTypes), known: keys(etherTypes)},
	{words: "proto protocol", what: "a protocol", plain: flow.FieldProto, names: protocolName, known: keys(protocolWords)},
	{words: "status", what: "a forwarding status", plain: flow.FieldForwardingStatus, names: statusName, known: keys(statusNames)},
	{words: "tcpflags flags", kind: flagsNoun, plain: flow.FieldTCPFlags},
	{words: "icmp icmp6 icmpv6", kind: icmpNoun},
	{words: "bps", kind: ratioNoun, what: "a rate in bit/s", quantity: bitRate},
	{words: "pps", kind: ratioNoun, what: "a rate in packets/s", quantity: packetRate},
	{words: "bpp", kind: ratioNoun, what: "a number of bytes", quantity: bytesPerPacket},
	{words: "duration", kind: ratioNoun, what: "a time", quantity: duration},
	{words: "less", kind: lessNoun, what: "a packet length", quantity: bytesPerPacket},
	{words: "greater", kind: greaterNoun, what: "a packet length", quantity: bytesPerPacket},
	{words: "passes-through", kind: pathNoun, what: "an AS number", plain: flow.FieldASPath},
	{words: "aspath", kind: asPathNoun, what: "an AS number", src: flow.FieldSrcASPath, dst: flow.FieldDstASPath, plain: flow.FieldASPath},
	{words: "community", kind: communityNoun, src: flow.FieldSrcCommunities, dst: flow.FieldCommunities},
	{words: "large large-community", kind: largeNoun, plain: flow.FieldLargeCommunities},
	{words: "mpls", kind: labelNoun, what: "an MPLS label", plain: flow.FieldMPLSLabels, most: 1<<20 - 1},

	{words: "direction", kind: directionNoun},
	{words: "incoming ingress", kind: wordNoun, is: isNumber(flow.FieldDirection, uint64(flow.DirectionIngress))},
	{words: "outgoing egress", kind: wordNoun, is: isNumber(flow.FieldDirection, uint64(flow.DirectionEgress))},
	{words: "normalized", kind: wordNoun, is: isNumber(flow.FieldNormalized, 1)},
	{words: "any", kind: wordNoun, is: constant(true)},
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func isNumber(f flow.Field, v uint64) node {
	return &numbers{subject: only(f), kind: f.Info().Kind, set: one(v)}
}

// nouns finds a noun by its words.
var nouns = func() map[string]*noun {
	m := map[string]*noun{}
	for i := range nounTable {
		for _, w := range strings.Fields(nounTable[i].words) {
			m[w] = &nounTable[i]
		}
	}
	return m
}()

// protocolWords are the protocols that can stand alone, or in front of a term.
var protocolWords = map[string]uint64{
	"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, "icmpv6": 58, "igmp": 2, "sctp": 132, "gre": 47, "esp": 50, "ah": 51,
	"ospf": 89, "pim": 103, "vrrp": 112, "udplite": 136, "dccp": 33, "ipip": 4,
}

// familyWords are the Ethernet types that can.
var familyWords = map[string]uint64{"ip": 0x0800, "ip6": 0x86dd, "ipv4": 0x0800, "ipv6": 0x86dd, "inet": 0x0800, "inet6": 0x86dd, "arp": 0x0806}

// prefixWords can only stand in front of a term.
var prefixWords = []string{"src", "dst", "in", "out", "inner", "nat", "ether", "not", "and", "or", "has", "next"}

// vocabulary is every word that a term can begin with, for suggestions.
var vocabulary = slices.Concat(
	slices.Sorted(maps.Keys(nouns)),
	slices.Sorted(maps.Keys(protocolWords)),
	slices.Sorted(maps.Keys(familyWords)),
	prefixWords,
	fieldNames(),
)

func fieldNames() []string {
	var names []string
	for _, f := range flow.Fields() {
		names = append(names, f.String())
	}
	return names
}

// scope says which header of a flow is meant.
type scope uint8

const (
	outer scope = iota
	inner       // of the packet in a tunnel
	nat         // after address translation
)

func (s scope) String() string { return [...]string{"", "inner", "nat"}[s] }

// scoped holds the fields that have a counterpart in another scope.
var scoped = map[flow.Field][3]flow.Field{
	flow.FieldSrcAddr:   {inner: flow.FieldInnerSrcAddr, nat: flow.FieldNATSrcAddr},
	flow.FieldDstAddr:   {inner: flow.FieldInnerDstAddr, nat: flow.FieldNATDstAddr},
	flow.FieldSrcPort:   {inner: flow.FieldInnerSrcPort, nat: flow.FieldNATSrcPort},
	flow.FieldDstPort:   {inner: flow.FieldInnerDstPort, nat: flow.FieldNATDstPort},
	flow.FieldProto:     {inner: flow.FieldInnerProto},
	flow.FieldEtherType: {inner: flow.FieldInnerEtherType},
	flow.FieldTOS:       {inner: flow.FieldInnerTOS},
	flow.FieldTCPFlags:  {inner: flow.FieldInnerTCPFlags},
	flow.FieldSrcMAC:    {inner: flow.FieldInnerSrcMAC},
	flow.FieldDstMAC:    {inner: flow.FieldInnerDstMAC},
}
