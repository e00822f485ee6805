package sink

import (
	"io"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Flowdump writes each flow as a line for people:
//
//	14:03:07: 192.0.2.1:51812 → 192.0.2.80:443 [eth0 → forwarded@198.51.100.1 → 12], TCP, 1.25s, 8.1 kbit/s, 9 p/s
//
// The time is that of the flow's end. Addresses of IPv6 with a port stand in
// brackets. ICMP has "type/code" behind the destination. Interfaces are named
// where a name is known, else by ifIndex; the part in brackets is left out when
// nothing of it is known. A flow without a duration has no rates.
func Flowdump(w io.Writer, opts ...FlowdumpOption) pipeline.Sink {
	return toWriter("flowdump", w, func() (encoder, error) {
		d := &flowdump{location: time.Local}
		for _, o := range opts {
			o(d)
		}
		d.colour = d.when == ColorAlways || d.when == ColorAuto && isTerminal(w)
		return d, nil
	})
}

// FlowdumpOption changes how Flowdump prints.
type FlowdumpOption func(*flowdump)

// When says when to use colour.
type When int

// When to use colour.
const (
	ColorAuto When = iota // on a terminal, unless NO_COLOR is set
	ColorAlways
	ColorNever
)

// Color says when to use colour; the default is ColorAuto.
func Color(w When) FlowdumpOption { return func(d *flowdump) { d.when = w } }

// Highlight makes every line stand out: red where there is colour, marked with
// an exclamation mark everywhere.
func Highlight() FlowdumpOption { return func(d *flowdump) { d.highlight = true } }

// Verbose adds to every line the packets, bytes, TCP flags, VLAN, AS numbers,
// lengths of routes, validation states and their reasons, countries and customer
// that are known.
func Verbose() FlowdumpOption { return func(d *flowdump) { d.verbose = true } }

// Processes adds to every line, where they are known, the process that owns the local
// socket, as name/PID, the beginning of its container's id, and the round-trip time.
func Processes() FlowdumpOption { return func(d *flowdump) { d.processes = true } }

// Location sets the time zone of the times; the default is the local one.
func Location(l *time.Location) FlowdumpOption { return func(d *flowdump) { d.location = l } }

type flowdump struct {
	when      When
	colour    bool
	highlight bool
	verbose   bool
	processes bool
	location  *time.Location
}

const (
	red   = "\x1b[1;31m"
	reset = "\x1b[0m"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// AppendBatch implements encoder.
func (d *flowdump) AppendBatch(dst []byte, b *flow.Batch) []byte {
	flows, rows := b.Raw()
	for _, i := range rows {
		if d.highlight && d.colour {
			dst = append(dst, red...)
		}
		if d.highlight {
			dst = append(dst, "! "...)
		}
		dst = d.line(dst, b, &flows[i])
		if d.highlight && d.colour {
			dst = append(dst, reset...)
		}
		dst = append(dst, '\n')
	}
	return dst
}

func (d *flowdump) line(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	if fl.RecordType == flow.RecordTypeCounters {
		return d.counters(dst, b, fl)
	}
	dst = d.time(dst, fl)
	icmp := fl.Proto == flow.ProtoICMP || fl.Proto == flow.ProtoICMPv6
	dst = endpoint(dst, fl.SrcAddr, fl.Has(flow.FieldSrcAddr), fl.SrcPort, fl.Has(flow.FieldSrcPort) && !icmp)
	dst = append(dst, " → "...)
	dst = endpoint(dst, fl.DstAddr, fl.Has(flow.FieldDstAddr), fl.DstPort, fl.Has(flow.FieldDstPort) && !icmp)
	if icmp {
		dst = icmpType(dst, fl)
	}
	dst = d.path(dst, b, fl)
	dst = append(dst, ", "...)
	dst = protocol(dst, fl)
	if fl.RecordType == flow.RecordTypeDrop {
		dst = dropped(dst, b, fl)
	} else {
		dst = rates(dst, fl)
	}
	if d.processes {
		dst = process(dst, b, fl)
	}
	if d.verbose {
		dst = details(dst, b, fl)
	}
	return dst
}

func (d *flowdump) time(dst []byte, fl *flow.Flow) []byte {
	t := fl.End()
	if t.IsZero() {
		t = fl.Received()
	}
	if t.IsZero() {
		return append(dst, "--:--:--: "...)
	}
	return append(t.In(d.location).AppendFormat(dst, "15:04:05"), ": "...)
}

func endpoint(dst []byte, a flow.Addr, known bool, port uint16, hasPort bool) []byte {
	brackets := known && hasPort && !a.Is4()
	if brackets {
		dst = append(dst, '[')
	}
	switch {
	case !known:
		dst = append(dst, '?')
	case a.IsZero():
		dst = append(dst, "::"...) // the unspecified address
	default:
		dst = a.AppendTo(dst)
	}
	if brackets {
		dst = append(dst, ']')
	}
	if hasPort {
		dst = appendUint(append(dst, ':'), uint64(port))
	}
	return dst
}

// icmpType prints type and code. Exporters without fields of their own for them
// put both into the destination port.
func icmpType(dst []byte, fl *flow.Flow) []byte {
	kind, code := fl.ICMPType, fl.ICMPCode
	switch {
	case fl.Has(flow.FieldICMPType):
	case fl.Has(flow.FieldDstPort):
		kind, code = uint8(fl.DstPort>>8), uint8(fl.DstPort)
	default:
		return dst
	}
	dst = appendUint(append(dst, ' '), uint64(kind))
	return appendUint(append(dst, '/'), uint64(code))
}

// path prints the interfaces, the forwarding status and the exporter. An interface
// that is not known is left out where the host saw the flow itself.
func (d *flowdump) path(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	in := fl.Has(flow.FieldInIf) || fl.InIfName != 0
	out := fl.Has(flow.FieldOutIf) || fl.OutIfName != 0
	router := fl.Has(flow.FieldExporter) || fl.Has(flow.FieldForwardingStatus)
	if !in && !out && !router {
		return dst
	}
	dst = append(dst, " ["...)
	if in || router {
		dst = append(iface(dst, b, fl.InIfName, fl.InIf, in), ' ')
	}
	dst = append(dst, "→"...)
	if router {
		dst = append(dst, ' ')
		if fl.Has(flow.FieldForwardingStatus) {
			dst = append(dst, forwarding(fl.ForwardingStatus)...)
		}
		if fl.Has(flow.FieldExporter) {
			dst = fl.Exporter.AppendTo(append(dst, '@'))
		}
		dst = append(dst, " →"...)
	}
	if out || router {
		dst = iface(append(dst, ' '), b, fl.OutIfName, fl.OutIf, out)
	}
	return append(dst, ']')
}

func iface(dst []byte, b *flow.Batch, name flow.Symbol, index uint32, known bool) []byte {
	switch {
	case !known:
		return append(dst, '?')
	case name != 0:
		return appendSafe(dst, b.Symbols().String(name))
	}
	return appendUint(dst, uint64(index))
}

// forwarding names the class of a forwarding status (RFC 7270).
func forwarding(status uint8) string {
	return [...]string{"unknown", "forwarded", "dropped", "consumed"}[status>>6]
}
