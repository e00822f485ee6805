package rdns

import (
	"errors"
	"fmt"
	"time"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/endpoint"
)

// Option changes what is asked for, and whom.
type Option func(*config)

type config struct {
	servers  []string
	names    []named
	size     int
	parallel int
	timeout  time.Duration
	errs     []error
}

// named is the field of an address, and that of its name.
type named struct{ addr, name flow.Field }

// names are the addresses that have a field for their name.
var names = []named{
	{flow.FieldSrcAddr, flow.FieldSrcHostName}, {flow.FieldDstAddr, flow.FieldDstHostName},
	{flow.FieldNextHop, flow.FieldNextHopHostName}, {flow.FieldExporter, flow.FieldExporterHostName},
}

// Servers are the resolvers to ask: "192.0.2.53", "[2001:db8::53]:5353". The first
// is preferred; the next are asked when it does not answer. The default is those of
// /etc/resolv.conf.
func Servers(addresses ...string) Option {
	return func(c *config) {
		for _, text := range addresses {
			at, err := endpoint.HostPort(text, "53")
			if err != nil {
				c.errs = append(c.errs, fmt.Errorf("server %q: %w", text, err))
			}
			c.servers = append(c.servers, at)
		}
	}
}

// Of has the names of the given addresses told, of flow.FieldSrcAddr, FieldDstAddr,
// FieldNextHop and FieldExporter; the default is the first two.
func Of(addresses ...flow.Field) Option {
	return func(c *config) {
		c.names = nil
		for _, f := range addresses {
			found := false
			for _, n := range names {
				if n.addr == f {
					c.names, found = append(c.names, n), true
				}
			}
			if !found {
				c.errs = append(c.errs, fmt.Errorf("Of: %v has no field for a name", f))
			}
		}
	}
}

// CacheSize is how many addresses are remembered, up to the next power of two; the
// default is 65,536, which takes some 10 MB.
func CacheSize(n int) Option { return func(c *config) { c.size = n } }

// Parallel is how many addresses are asked for at once; the default is 16.
func Parallel(n int) Option { return func(c *config) { c.parallel = n } }

// Timeout is how long a server has to answer; the default is two seconds.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

func newConfig(opts []Option) (config, error) {
	c := config{names: names[:2], size: 1 << 16, parallel: 16, timeout: 2 * time.Second}
	for _, o := range opts {
		o(&c)
	}
	if c.size < ways || c.size > 1<<24 {
		c.errs = append(c.errs, fmt.Errorf("CacheSize: %d is not from %d to %d", c.size, ways, 1<<24))
	}
	if c.parallel < 1 || c.parallel > 1024 {
		c.errs = append(c.errs, fmt.Errorf("Parallel: %d is not from 1 to 1024", c.parallel))
	}
	if len(c.names) == 0 {
		c.errs = append(c.errs, errors.New("Of: no address is given"))
	}
	if c.timeout <= 0 {
		c.errs = append(c.errs, fmt.Errorf("Timeout: %v makes no sense", c.timeout))
	}
	return c, errors.Join(c.errs...)
}
