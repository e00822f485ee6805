package geo

import (
	"cmp"
	"errors"
	"log/slog"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// known is what is known of an address. What is zero is not.
type known struct {
	country            flow.Country
	asn                uint32
	city, organisation flow.Symbol
}

// or adds what another knows. The organisation is that of the AS.
func (k known) or(other known) known {
	if k.country == (flow.Country{}) {
		k.country = other.country
	}
	k.city = cmp.Or(k.city, other.city)
	if k.asn == 0 {
		k.asn, k.organisation = other.asn, other.organisation
	}
	return k
}

// decoder makes known of records.
type decoder struct {
	language         string
	symbols          *flow.Symbols
	log              *slog.Logger
	damaged, refused *pipeline.Counter
}

// decode reads a record. Of a damaged one it takes what can be read.
func (d *decoder) decode(of *set, at maxminddb.Result) (k known) {
	var country, city, organisation string
	err := errors.Join(
		at.DecodePath(&country, "country", "iso_code"),
		at.DecodePath(&city, "city", "names", d.language),
		at.DecodePath(&k.asn, "autonomous_system_number"),
		at.DecodePath(&organisation, "autonomous_system_organization"),
	)
	k.country, _ = flow.ParseCountry(country)
	k.city, k.organisation = d.symbol(city), d.symbol(organisation)
	d.note(of, err)
	return k
}

func (d *decoder) symbol(name string) flow.Symbol {
	s := d.symbols.Intern(name)
	if s == 0 && name != "" {
		d.refused.Add(1)
	}
	return s
}

// note counts an error in a database, and logs the first of a set.
func (d *decoder) note(of *set, err error) {
	if err == nil {
		return
	}
	d.damaged.Add(1)
	if !of.warned.Swap(true) {
		d.log.Warn("a database is damaged; what cannot be read is left out", "error", err)
	}
}
