package netflow

import (
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/collector"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/samplingrate"
)

// Option changes how exports are received and decoded. source.Listen takes it too.
type Option func(*collector.Config)

// Apply is for the sources that take the option.
func (o Option) Apply(c *collector.Config) { o(c) }

// ReceiveBuffer asks the kernel to hold so many bytes for each UDP socket while
// nobody takes them; the default is 4 MiB. How much it grants is counted as
// receive_buffer_bytes, and logged when it is less.
func ReceiveBuffer(bytes int) Option {
	return func(c *collector.Config) { c.UDP.Buffer = collector.OrMistake(bytes) }
}

// MaxDatagram sets the longest payload that is received whole, in bytes; the
// default is what UDP can carry. A longer one is cut and counted.
func MaxDatagram(bytes int) Option {
	return func(c *collector.Config) { c.UDP.MaxDatagram = collector.OrMistake(bytes) }
}

// Allow has only exporters with an address in one of the prefixes listened to.
// The default is everybody.
func Allow(prefixes ...netip.Prefix) Option {
	return func(c *collector.Config) { c.Allow = append(c.Allow, prefixes...) }
}

// DefaultSamplingRate is that of flows whose exporter does not tell one: 1 in n
// packets. Without it they have none. With prefixes it is that of exporters with
// an address in one of them, before that of all; the longest prefix wins.
func DefaultSamplingRate(n uint32, prefixes ...netip.Prefix) Option {
	return func(c *collector.Config) {
		if len(prefixes) == 0 {
			c.Protocols.NetFlow.DefaultRate = n
		}
		for _, p := range prefixes {
			c.Protocols.NetFlow.DefaultRates = append(c.Protocols.NetFlow.DefaultRates, samplingrate.Rule{Prefix: p, Rate: n})
		}
	}
}

// SamplingRate has the flows of exporters with an address in prefix sampled 1 in
// n packets, whatever they tell themselves. The longest prefix wins.
func SamplingRate(prefix netip.Prefix, n uint32) Option {
	return func(c *collector.Config) {
		c.Protocols.NetFlow.Rates = append(c.Protocols.NetFlow.Rates, samplingrate.Rule{Prefix: prefix, Rate: n})
	}
}

// Map has an information element fill a field of the schema, by its name, in
// place of the field it would fill, if any. pen is the private enterprise number,
// 0 for IANA's registry and for NetFlow v9.
func Map(pen uint32, id uint16, field string) Option {
	return func(c *collector.Config) {
		c.Protocols.NetFlow.Extra = append(c.Protocols.NetFlow.Extra, netflow.Mapping{PEN: pen, ID: id, Field: field})
	}
}

// MapExtension has an information element fill a field that the schema does not
// have.
func MapExtension(pen uint32, id uint16, field flow.Extender) Option {
	return func(c *collector.Config) {
		c.Extensions = append(c.Extensions, field)
		Map(pen, id, collector.ExtensionName(field))(c)
	}
}

// Unmapped lists the information elements that exporters send and that fill no
// field.
type Unmapped = netflow.Unmapped

// Element is an information element that fills no field.
type Element = netflow.Element

// ListUnmapped has u list the information elements that exporters send and that
// fill no field, while the source runs: a look at what Map could add.
func ListUnmapped(u *Unmapped) Option {
	return func(c *collector.Config) { c.Protocols.NetFlow.Unmapped = u }
}

// Templates keeps what is known of exporters in a file: templates, options data,
// data that waits for its template, and sequence numbers, which tell after a
// restart what was sent in between. The file is read when the pipeline opens,
// written a second after a template came, every minute, and at the end.
func Templates(path string) Option { return func(c *collector.Config) { c.Templates = path } }

// Record keeps the datagrams in a file, as they came, behind those that it has.
// It is compressed when the name ends in .gz or .zst. Package replay reads it. An
// error ends the recording, and not the run.
func Record(path string) Option { return func(c *collector.Config) { c.Record = path } }

// MaxTemplates bounds the templates of all exporters, and the exporters and
// observation domains; the default is 65536.
func MaxTemplates(n int) Option {
	return func(c *collector.Config) { c.Protocols.NetFlow.MaxTemplates = collector.OrMistake(n) }
}

// TemplateTTL sets how long a template lives that is neither sent again nor used;
// the default is a day. Those of a session over TCP live as long as it does.
func TemplateTTL(d time.Duration) Option {
	return func(c *collector.Config) { c.Protocols.NetFlow.TemplateTTL = collector.OrMistake(d) }
}

// Hold bounds the data that waits for its template, in bytes and in time; the
// defaults are 16 MiB and 10 minutes. 0 bytes hold nothing, a time of 0 is the default.
func Hold(bytes int, d time.Duration) Option {
	return func(c *collector.Config) {
		c.Protocols.NetFlow.HoldBytes, c.Protocols.NetFlow.HoldFor = collector.OrMistake(bytes), d
	}
}

// ByPort tells exporters behind one address apart by their port, as behind
// address translation. An exporter whose port changes has to send its templates
// again.
func ByPort() Option { return func(c *collector.Config) { c.Protocols.NetFlow.PortInKey = true } }

// TLS has the addresses of ipfix+tls use a configuration, which needs a
// certificate. Whether exporters need one, and which, is its ClientAuth and
// ClientCAs.
func TLS(config *tls.Config) Option {
	return func(c *collector.Config) { c.TCP.TLS = config }
}

// MaxConnections bounds the connections over TCP and TLS, of which each takes up
// to 64 KiB; the default is 1024. What comes beyond is reset and counted.
func MaxConnections(n int) Option {
	return func(c *collector.Config) { c.TCP.Connections = collector.OrMistake(n) }
}

// IdleTimeout closes a connection on which nothing came for so long; the default is
// an hour. Exporters that are gone are noticed earlier, by probes of the system.
func IdleTimeout(d time.Duration) Option {
	return func(c *collector.Config) { c.TCP.Idle = collector.OrMistake(d) }
}

// Interface names the interface on which a multicast group is joined; the default
// is the zone of the address, or else the system's choice.
func Interface(name string) Option {
	return func(c *collector.Config) { c.UDP.Interface = name }
}

// OnListen has fn told each address once all sockets are open, with the port that 0
// became. It is called when the pipeline opens.
func OnListen(fn func(netip.AddrPort)) Option {
	return func(c *collector.Config) { c.Listening = fn }
}
