package filter

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Between matches the flows in which a numeric field lies between two numbers,
// both included. An absent number is 0.
func Between(f flow.Field, lo, hi uint64) Predicate {
	info := f.Info()
	switch {
	case info == nil || !info.Kind.IsNumber():
		return Invalid(fmt.Errorf("filter.Between: %v is no number", f))
	case lo > hi:
		return Invalid(fmt.Errorf("filter.Between: %d is more than %d", lo, hi))
	}
	return Predicate{node: &numbers{subject: only(f), kind: info.Kind, set: ranges{{lo, min(hi, greatest(info.Kind))}}}}
}

// Port matches the flows from or to any of the ports.
func Port(ports ...uint16) Predicate { return Or(SrcPort(ports...), DstPort(ports...)) }

// Address matches the flows from or to any of the prefixes.
func Address(prefixes ...netip.Prefix) Predicate {
	return Or(SrcAddr(prefixes...), DstAddr(prefixes...))
}

// AS matches the flows from or to any of the origin ASes.
func AS(numbers ...uint32) Predicate { return Or(SrcAS(numbers...), DstAS(numbers...)) }

func numberLeaf[T uints](f flow.Field, values []T) Predicate {
	spans := make([]span, len(values))
	for i, v := range values {
		spans[i] = span{uint64(v), uint64(v)}
	}
	return spanLeaf(f, spans)
}

func spanLeaf(f flow.Field, spans []span) Predicate {
	if len(spans) == 0 {
		return None()
	}
	return Predicate{node: &numbers{subject: only(f), kind: f.Info().Kind, set: newRanges(spans)}}
}

func timeLeaf(f flow.Field, from, to time.Time) Predicate {
	if to.Before(from) {
		return Invalid(fmt.Errorf("filter: %v from %v to %v, which is earlier", f, from, to))
	}
	return spanLeaf(f, []span{{uint64(from.UnixNano()), uint64(to.UnixNano())}})
}

func macLeaf(f flow.Field, macs []flow.MAC) Predicate {
	values := make([]uint64, len(macs))
	for i, m := range macs {
		values[i] = m.Uint64()
	}
	return numberLeaf(f, values)
}

func countryLeaf(f flow.Field, countries []flow.Country) Predicate {
	values := make([]uint64, len(countries))
	for i, c := range countries {
		values[i] = countryNumber(c)
	}
	return numberLeaf(f, values)
}

// checked makes a set of prefixes, all of which must be valid.
func checked(f flow.Field, prefixes []netip.Prefix) (*addrSet, error) {
	for _, p := range prefixes {
		if !p.IsValid() {
			return nil, fmt.Errorf("filter: %v in a prefix that is not valid", f)
		}
	}
	return newAddrSet(prefixes...), nil
}

func addrLeaf(f flow.Field, prefixes []netip.Prefix) Predicate {
	set, err := checked(f, prefixes)
	if err != nil {
		return Invalid(err)
	}
	if set.empty() {
		return None()
	}
	return Predicate{node: &addrs{subject: only(f), set: set}}
}

func addrsLeaf(f flow.Field, prefixes []netip.Prefix) Predicate {
	set, err := checked(f, prefixes)
	if err != nil {
		return Invalid(err)
	}
	return Predicate{node: &addrList{addrs{subject: only(f), set: set}}}
}

func textLeaf(f flow.Field, values []string) Predicate {
	var nodes []node
	for _, v := range values {
		t, _ := newTexts(only(f), textIs, v) // only a regular expression can be wrong
		nodes = append(nodes, t)
	}
	return Predicate{node: join(opOr, nodes)}
}

func listLeaf(f flow.Field, values []uint32) Predicate {
	spans := make([]span, len(values))
	for i, v := range values {
		spans[i] = span{uint64(v), uint64(v)}
	}
	return Predicate{node: listHolds(f, newRanges(spans))}
}
