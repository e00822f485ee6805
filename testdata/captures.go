// Package testdata holds captures that this project made, for tests and
// examples. README.md tells their origin.
package testdata

import _ "embed"

// Web is a capture of ordinary traffic between two hosts: DNS, HTTP, TLS and
// ping over IPv4 and IPv6, fragments, a refused connection, lost segments.
//
//go:embed web.pcap
var Web []byte

// Exports is a capture of what exporters send that read Web: NetFlow v5 and v9,
// IPFIX and sFlow.
//
//go:embed exports.pcap
var Exports []byte

// Routes is a capture of IPFIX with the prefix lengths and origin ASes of routes.
//
//go:embed routes.pcap
var Routes []byte

// Validated is a validator's export with VRPs for the routes of Routes: one route has
// another origin, one is too long, and one has no VRP.
//
//go:embed vrps.json
var Validated []byte
