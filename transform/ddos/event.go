package ddos

import (
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// Phase is what an event tells of an attack.
type Phase uint8

// The phases: an attack has one start, any number of updates, and one end.
const (
	Start Phase = iota
	Update
	End
)

// String returns "start", "update" or "end".
func (p Phase) String() string { return name(p, "start", "update", "end") }

// Severity says by how much an attack, at its greatest over some seconds, is above
// the floor.
type Severity uint8

// The severities: above the floor, four times and sixteen times above it.
const (
	Minor Severity = iota
	Major
	Critical
)

// String returns "minor", "major" or "critical".
func (s Severity) String() string { return name(s, "minor", "major", "critical") }

func name[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return "unknown"
}

func severity(ratio float32) Severity {
	switch {
	case ratio >= 16:
		return Critical
	case ratio >= 4:
		return Major
	}
	return Minor
}

// Rate is traffic per second, an estimate of what there was before sampling; Flows
// are records as they came.
type Rate struct {
	Bits    uint64
	Packets uint64
	Flows   uint64
}

func (c counts) rate() Rate {
	return Rate{
		Bits:    uint64(float64(c.bytes) * 8 / slotSeconds),
		Packets: uint64(float64(c.packets) / slotSeconds),
		Flows:   uint64(float64(c.flows) / slotSeconds),
	}
}

// Event tells of an attack.
type Event struct {
	Phase    Phase
	ID       uint64       // of the attack, the same in all its events and in a replay
	Target   netip.Prefix // a host, or a prefix where no host alone explains the traffic
	Network  string       // name of the network around the target, if it has one
	Class    Class
	Severity Severity

	Time  time.Time // of the event
	Start time.Time // when the threshold was passed
	Last  time.Time // until when the traffic was above what clears it

	Rate    Rate    // mean over its latest seconds
	Peak    Rate    // greatest of half a second
	Packets uint64  // in all, so far
	Bytes   uint64  // in all, so far
	Error   float64 // of Rate by sampling, 95 % confidence, as a part of it: 0.2 is ±20 %
	Sources int     // distinct source addresses within half a minute, ±13 %

	SrcPorts []uint16 // of the evidence, the most frequent first
	SrcASes  []uint32 // of the evidence, the most frequent first
	Evidence []Evidence

	Action string // that is proposed; see the package's documentation
}

func slotTime(slot int64) time.Time { return time.Unix(0, slot*slotLen).UTC() }

// event describes a candidate's attack as of a slot.
func (c *candidate) event(p Phase, v *view, now int64) Event {
	a := &c.attack
	sum, flows := a.sum(v), append([]Evidence(nil), c.evidence.list()...)
	e := Event{
		Phase: p, ID: a.id, Target: c.prefix(), Network: c.name, Class: c.class, Severity: a.severity,
		Time: slotTime(now), Start: slotTime(a.start), Last: slotTime(a.last + 1),
		Rate: a.now.rate(), Peak: a.peak.rate(), Packets: uint64(sum.packets), Bytes: uint64(sum.bytes),
		Error: a.error, Sources: a.sources,
		SrcPorts: topPorts(flows), SrcASes: topASes(flows), Evidence: flows,
	}
	if port, ok := c.class.port(); ok {
		e.SrcPorts = []uint16{port}
	}
	e.Action = e.action()
	return e
}

// record is the event's flow.Flow, without its columns.
func (e *Event) record(fl *flow.Flow) {
	fl.SetRecordType(flow.RecordTypeEvent)
	fl.SetTimeReceived(e.Time.UnixNano())
	fl.SetTimeStart(e.Start.UnixNano())
	fl.SetTimeEnd(e.Last.UnixNano())
	fl.SetDstAddr(flow.AddrFrom(e.Target.Addr()))
	fl.SetDstPrefixLen(uint8(e.Target.Bits()))
	fl.SetEtherType(flow.EtherTypeIPv6)
	if e.Target.Addr().Is4() {
		fl.SetEtherType(flow.EtherTypeIPv4)
	}
	if proto, ok := e.Class.proto(e.Target.Addr().Is4()); ok {
		fl.SetProto(proto)
	}
	if port, ok := e.Class.port(); ok {
		fl.SetSrcPort(port)
	}
}
