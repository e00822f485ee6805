package netflow

import (
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/netflow"
)

// Option changes how exports are received and decoded.
type Option func(*options)

type options struct {
	live   collector.Config
	decode netflow.Config
}

// ReceiveBuffer asks the kernel to hold so many bytes for each socket while
// nobody takes them; the default is 4 MiB. How much it grants is counted as
// receive_buffer_bytes, and logged when it is less.
func ReceiveBuffer(bytes int) Option {
	return func(o *options) { o.live.UDP.Buffer = orMistake(bytes) }
}

// MaxDatagram sets the longest payload that is received whole, in bytes; the
// default is what UDP can carry. A longer one is cut and counted.
func MaxDatagram(bytes int) Option {
	return func(o *options) { o.live.UDP.MaxDatagram = orMistake(bytes) }
}

// Allow has only exporters with an address in one of the prefixes listened to.
// The default is everybody.
func Allow(prefixes ...netip.Prefix) Option {
	return func(o *options) { o.live.UDP.Allow = append(o.live.UDP.Allow, prefixes...) }
}

// DefaultSamplingRate is that of flows whose exporter does not tell one: 1 in n
// packets. Without it they have none.
func DefaultSamplingRate(n uint32) Option {
	return func(o *options) { o.decode.DefaultRate = n }
}

// SamplingRate has the flows of exporters with an address in prefix sampled 1 in
// n packets, whatever they tell themselves. The longest prefix wins.
func SamplingRate(prefix netip.Prefix, n uint32) Option {
	return func(o *options) {
		o.decode.Rates = append(o.decode.Rates, netflow.RateRule{Prefix: prefix, Rate: n})
	}
}

// Map has an information element fill a field of the schema, by its name, in
// place of the field it would fill, if any. pen is the private enterprise number,
// 0 for IANA's registry and for NetFlow v9.
func Map(pen uint32, id uint16, field string) Option {
	return func(o *options) {
		o.decode.Extra = append(o.decode.Extra, netflow.Mapping{PEN: pen, ID: id, Field: field})
	}
}

// MapExtension has an information element fill a field that the schema does not
// have.
func MapExtension(pen uint32, id uint16, field flow.Extender) Option {
	return func(o *options) {
		o.live.Extensions = append(o.live.Extensions, field)
		Map(pen, id, collector.ExtensionName(field))(o)
	}
}

// Templates keeps what is known of exporters in a file: templates, options data,
// and data that waits for its template. The file is read when the pipeline opens,
// written a second after a template came, every minute, and at the end.
func Templates(path string) Option { return func(o *options) { o.live.Templates = path } }

// Record keeps the datagrams in a file, as they came, behind those that it has.
// It is compressed when the name ends in .gz or .zst. Package replay reads it. An
// error ends the recording, and not the run.
func Record(path string) Option { return func(o *options) { o.live.Record = path } }

// MaxTemplates bounds the templates of all exporters, and the exporters and
// observation domains; the default is 65536.
func MaxTemplates(n int) Option { return func(o *options) { o.decode.MaxTemplates = orMistake(n) } }

// TemplateTTL sets how long a template lives that is neither sent again nor used;
// the default is a day.
func TemplateTTL(d time.Duration) Option {
	return func(o *options) { o.decode.TemplateTTL = orMistake(d) }
}

// Hold bounds the data that waits for its template, in bytes and in time; the
// defaults are 16 MiB and 10 minutes. 0 bytes hold nothing, a time of 0 is the default.
func Hold(bytes int, d time.Duration) Option {
	return func(o *options) { o.decode.HoldBytes, o.decode.HoldFor = orMistake(bytes), d }
}

// ByPort tells exporters behind one address apart by their port, as behind
// address translation. An exporter whose port changes has to send its templates
// again.
func ByPort() Option { return func(o *options) { o.decode.PortInKey = true } }

// OnListen has fn told the address once the socket is open, with the port that 0
// became. It is called when the pipeline opens.
func OnListen(fn func(netip.AddrPort)) Option {
	return func(o *options) { o.live.Listening = func(at []netip.AddrPort) { fn(at[0]) } }
}

// orMistake keeps a given 0 from meaning the default.
func orMistake[T ~int | ~int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}
