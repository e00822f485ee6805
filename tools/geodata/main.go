// Geodata writes the databases that the tests of package geo read, in the folder
// that is named. Their networks are those of documentation.
package main

import (
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func main() {
	for name, records := range databases {
		if err := write(filepath.Join(os.Args[1], name+".mmdb"), name, records); err != nil {
			log.Fatal(err)
		}
	}
}

var databases = map[string]map[string]mmdbtype.Map{
	"countries": {
		"192.0.2.0/24":       country("GB"),
		"198.51.100.0/24":    country("SE"),
		"2001:db8:1::/48":    country("JP"),
		"203.0.113.0/25":     {"continent": mmdbtype.Map{"code": mmdbtype.String("EU")}}, // nothing that is looked for
		"2001:db8:2::/47":    country("??"),                                              // no country
		"203.0.113.128/25":   {"country": mmdbtype.Map{"iso_code": mmdbtype.Uint32(7)}},  // of another type
		"2001:db8:8000::/33": country("DE"),
	},
	"cities": {
		"192.0.2.0/24":    city("GB", map[string]string{"en": "London", "ru": "Лондон"}),
		"198.51.100.0/25": city("SE", map[string]string{"en": "Linköping", "de": "Linköping"}),
		"2001:db8:1::/48": city("JP", nil),
	},
	"systems": {
		"198.51.100.0/24": system(64498, "Example Broadband"),
		"203.0.113.0/24":  system(64497, "Example Telecom"),
		"2001:db8:3::/48": system(65551, "Example Network"),
	},
}

func country(code string) mmdbtype.Map {
	return mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}
}

func city(code string, names map[string]string) mmdbtype.Map {
	record, all := country(code), mmdbtype.Map{}
	for language, name := range names {
		all[mmdbtype.String(language)] = mmdbtype.String(name)
	}
	record["city"] = mmdbtype.Map{"names": all}
	return record
}

func system(number uint32, organisation string) mmdbtype.Map {
	return mmdbtype.Map{
		"autonomous_system_number":       mmdbtype.Uint32(number),
		"autonomous_system_organization": mmdbtype.String(organisation),
	}
}

func write(path, name string, records map[string]mmdbtype.Map) error {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: "pipeline-" + name, IncludeReservedNetworks: true, BuildEpoch: 1,
	})
	if err != nil {
		return err
	}
	for network, record := range records {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			return err
		}
		if err := tree.Insert(n, record); err != nil {
			return err
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := tree.WriteTo(f); err != nil {
		return err
	}
	return f.Close()
}
