package netflow

import (
	"cmp"
	"time"

	"github.com/flowpipeline/pipeline/internal/samplingrate"
)

// Config says how to decode. The zero value is fine.
type Config struct {
	// DefaultRate is the sampling rate, 1 in N packets, of exporters that do
	// not tell one; 0 leaves it absent.
	DefaultRate uint32
	// DefaultRates are the same by exporter, in place of DefaultRate.
	DefaultRates samplingrate.Rules
	// Rates override whatever an exporter tells.
	Rates samplingrate.Rules
	// Extra maps more elements, or others than the schema does, to fields.
	Extra []Mapping
	// Unmapped lists elements that fill no field; nil for nobody.
	Unmapped *Unmapped
	// MaxTemplates bounds the templates of all exporters, and also the
	// observation domains; 0 means 65536.
	MaxTemplates int
	// HoldBytes bounds the data that waits for its template; 0 means 16 MiB,
	// a negative number holds nothing.
	HoldBytes int
	// HoldFor is how long data waits for its template; 0 means 10 minutes.
	HoldFor time.Duration
	// TemplateTTL is how long a template lives that is neither sent again nor
	// used, and how long an exporter is remembered that sends nothing; 0 means
	// 24 hours. What a session told lives as long as it does.
	TemplateTTL time.Duration
	// PortInKey tells exporters behind one address apart by their port. It is
	// for address translation; an exporter that changes its port loses its
	// templates by it.
	PortInKey bool
}

// Mapping fills a field of the schema or an extension, by its name, from an
// information element. PEN 0 is IANA's registry and all of NetFlow v9.
type Mapping struct {
	PEN   uint32
	ID    uint16
	Field string
}

const maxFields = 1024 // in one template

func (c Config) withDefaults() Config {
	c.MaxTemplates = cmp.Or(max(c.MaxTemplates, 0), 1<<16)
	c.HoldBytes = max(cmp.Or(c.HoldBytes, 16<<20), 0)
	c.HoldFor = cmp.Or(max(c.HoldFor, 0), 10*time.Minute)
	c.TemplateTTL = cmp.Or(max(c.TemplateTTL, 0), 24*time.Hour)
	return c
}
