package ddos

import (
	"fmt"
	"strings"
)

// blackhole is the well-known community BLACKHOLE (RFC 7999).
const blackhole = "65535:666"

// action proposes what would stop the attack: a rule of FlowSpec (RFC 8955, 8956)
// where one tells the traffic from what else goes to the target, else, for a host
// whose attack is critical, a blackhole.
func (e *Event) action() string {
	rule := e.rule()
	if rule == "" && e.Severity == Critical && e.Target.IsSingleIP() {
		return fmt.Sprintf("blackhole %v community %s", e.Target, blackhole)
	}
	if rule == "" {
		return ""
	}
	return fmt.Sprintf("flowspec dst %v %s discard", e.Target, rule)
}

// rule is the part of a FlowSpec rule behind the destination; empty when the class
// alone would also match what is meant to get through.
func (e *Event) rule() string {
	var b strings.Builder
	port, amplified := e.Class.port()
	switch {
	case amplified:
		fmt.Fprintf(&b, "proto 17 src-port %d", port)
	case e.Class == Fragments:
		return "fragment is-fragment"
	case e.Class == ICMP && e.Target.Addr().Is4():
		return "proto 1"
	case e.Class == ICMP:
		return "proto 58 icmp-type 128" // without neighbour discovery
	case e.Class == UDP && len(e.SrcPorts) == 1:
		fmt.Fprintf(&b, "proto 17 src-port %d", e.SrcPorts[0])
	default:
		return ""
	}
	if least, greatest := lengths(e.Evidence); greatest > 0 {
		fmt.Fprintf(&b, " packet-length %d-%d", least, greatest)
	}
	return b.String()
}
