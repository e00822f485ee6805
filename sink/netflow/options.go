package netflow

import (
	"errors"
	"fmt"
	"time"
)

// Limits of one message.
const (
	defaultMTU   = 1400
	defaultTCP   = 16 << 10
	leastMTU     = 128
	mostDatagram = 65507 // of payload in UDP over IPv4
	mostMessage  = 1<<16 - 1
)

// Option changes how flows are exported.
type Option func(*config)

type config struct {
	proto   protocol
	address string
	domain  uint32
	every   time.Duration
	mtu     int
	fields  []string
	chosen  bool // by Fields
}

// ObservationDomain sets the observation domain id, in NetFlow v9 the source id;
// the default is 0.
func ObservationDomain(id uint32) Option { return func(c *config) { c.domain = id } }

// TemplateEvery is after how much time, by the pipeline's clock, templates and
// the rates of samplers are sent again; the default is a minute. They are sent
// with flows only.
func TemplateEvery(d time.Duration) Option { return func(c *config) { c.every = d } }

// MTU is the most bytes of one message, headers of IP and UDP not counted; the
// default is 1400, over TCP 16384.
func MTU(bytes int) Option { return func(c *config) { c.mtu = bytes } }

// Fields chooses the fields of records, by their names in the schema, or
// extensions that have an information element. Build refuses what the protocol
// has no element for: NetFlow v9 has none of an enterprise, and no texts or lists
// of variable length.
func Fields(names ...string) Option {
	return func(c *config) { c.fields, c.chosen = names, true }
}

func newConfig(target string, opts []Option) (config, error) {
	c := config{every: time.Minute}
	var err error
	if c.proto, c.address, err = parseTarget(target); err != nil {
		return c, err
	}
	c.mtu = defaultMTU
	most := mostDatagram
	if c.proto.network == "tcp" {
		c.mtu, most = defaultTCP, mostMessage
	}
	for _, o := range opts {
		o(&c)
	}
	var errs []error
	if c.every <= 0 {
		errs = append(errs, fmt.Errorf("templates every %v make no sense", c.every))
	}
	if c.mtu < leastMTU || c.mtu > most {
		errs = append(errs, fmt.Errorf("an MTU of %d is not from %d to %d", c.mtu, leastMTU, most))
	}
	if c.chosen && len(c.fields) == 0 {
		errs = append(errs, errors.New("no fields to export"))
	}
	return c, errors.Join(errs...)
}
