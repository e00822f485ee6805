package ddos

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/flowpipeline/pipeline/internal/prefixtable"
)

// Option changes what Detect watches, and how it judges.
type Option func(*config)

// Network is a network of one's own.
type Network struct {
	Name   string // that events tell; may be empty
	Prefix netip.Prefix
	Host   Floors // of each of its hosts; what is left out is as of Hosts
	Subnet Floors // of each of its /24 or /48; what is left out is as of Prefixes
	Whole  Floors // of all of it together; nil when that is not watched
}

type config struct {
	hosts, prefixes Floors
	networks        []Network
	rules           rules
	keys            int
	candidates      int
	errs            []error
}

// rules are when an attack starts and ends.
type rules struct {
	above   int     // slots above the limit
	among   int64   // out of so many in a row
	samples float32 // that they must stand on
	clear   float32 // part of the limit below which traffic is no attack
	hold    int64   // slots for which it must be so
	update  int64   // slots between updates
}

// Hosts sets the floors of single destination addresses. What is left out stays as
// HostFloors has it.
func Hosts(f Floors) Option { return func(c *config) { c.hosts = f } }

// Prefixes sets the floors of /24s of IPv4 and /48s of IPv6. What is left out stays
// as PrefixFloors has it.
func Prefixes(f Floors) Option { return func(c *config) { c.prefixes = f } }

// Networks has only destinations in these networks watched. Of several around a
// destination the smallest counts. The default is to watch all destinations.
func Networks(list ...Network) Option {
	return func(c *config) { c.networks = append(c.networks, list...) }
}

// Trigger has an attack start when so many out of among half seconds in a row are
// above the threshold. The default is 3 out of 10.
func Trigger(above, among int) Option {
	return func(c *config) {
		if above < 1 || among < above || int64(among) > window {
			c.errs = append(c.errs, fmt.Errorf("Trigger: %d out of %d makes no sense", above, among))
		}
		c.rules.above, c.rules.among = above, int64(among)
	}
}

// Samples has an attack start only when so many packets were seen in the half
// seconds above the threshold; the default is 20, which an estimate by sampling
// exceeds by ±44 %.
func Samples(n int) Option {
	return func(c *config) {
		if n < 0 {
			c.errs = append(c.errs, fmt.Errorf("Samples: %d makes no sense", n))
		}
		c.rules.samples = float32(n)
	}
}

// Clear has an attack end when its traffic was below a part of the threshold for
// some time, at most a minute. The default is 0.7 for a minute. The time must be
// longer than exporters take to tell of a flow that goes on (their active timeout),
// or an attack seems to end and to start again.
func Clear(part float64, hold time.Duration) Option {
	return func(c *config) {
		if !(part > 0 && part <= 1) {
			c.errs = append(c.errs, fmt.Errorf("Clear: a part of %v makes no sense", part))
		}
		if hold < time.Duration(slotLen) || int64(hold) > window*slotLen {
			c.errs = append(c.errs, fmt.Errorf("Clear: %v is not between half a second and a minute", hold))
		}
		c.rules.clear, c.rules.hold = float32(part), int64(hold)/slotLen
	}
}

// Updates is how often an attack that goes on is told again; the default is a
// minute. A rise in severity is told at once.
func Updates(every time.Duration) Option {
	return func(c *config) {
		if every < time.Duration(slotLen) {
			c.errs = append(c.errs, fmt.Errorf("Updates: every %v makes no sense", every))
		}
		c.rules.update = int64(every) / slotLen
	}
}

// Keys bounds how many pairs of a destination, or prefix, and a class of traffic
// are known at once; the default is 524,288. Each takes 65 bytes, from the start.
func Keys(n int) Option {
	return func(c *config) {
		if n < 1 || n > 1<<28 {
			c.errs = append(c.errs, fmt.Errorf("Keys: %d makes no sense", n))
		}
		c.keys = n
	}
}

// Candidates bounds how many of them, with traffic above an eighth of the
// threshold, are looked at closely; the default is 4,096. Each takes 5 KiB once it
// is needed.
func Candidates(n int) Option {
	return func(c *config) {
		if n < 1 || n > 1<<24 {
			c.errs = append(c.errs, fmt.Errorf("Candidates: %d makes no sense", n))
		}
		c.candidates = n
	}
}

func newConfig(opts []Option) (*config, error) {
	c := &config{
		rules:      rules{above: 3, among: 10, samples: 20, clear: 0.7, hold: window, update: window},
		keys:       1 << 19,
		candidates: 1 << 12,
	}
	for _, o := range opts {
		o(c)
	}
	return c, errors.Join(c.errs...)
}

// group are the limits of a network, or of all that is watched.
type group struct {
	name    string
	network key
	limits  [numLevels]*limits // nil for a level that is not watched
}

// groups find the group of a destination.
type groups struct {
	table *prefixtable.Table // nil when all destinations are watched
	list  []group
}

func (c *config) groups() (*groups, error) {
	hosts, err := c.hosts.compile(HostFloors())
	if err != nil {
		return nil, fmt.Errorf("Hosts: %w", err)
	}
	prefixes, err := c.prefixes.compile(PrefixFloors())
	if err != nil {
		return nil, fmt.Errorf("Prefixes: %w", err)
	}
	all := group{limits: [numLevels]*limits{hosts, prefixes, nil}}
	if len(c.networks) == 0 {
		return &groups{list: []group{all}}, nil
	}
	g := new(groups)
	var errs []error
	sorted := slices.Clone(c.networks)
	slices.SortFunc(sorted, func(a, b Network) int { return prefixtable.Compare(a.Prefix, b.Prefix) })
	var list []netip.Prefix
	for i, n := range sorted {
		switch {
		case !n.Prefix.IsValid() || n.Prefix != n.Prefix.Masked():
			errs = append(errs, fmt.Errorf("Networks: %q: %v is not a prefix", n.Name, n.Prefix))
			continue
		case i > 0 && sorted[i-1].Prefix == n.Prefix:
			errs = append(errs, fmt.Errorf("Networks: %v is there twice", n.Prefix))
			continue
		}
		one, err := c.network(n)
		errs = append(errs, err)
		list, g.list = append(list, n.Prefix), append(g.list, one)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	g.table, _ = prefixtable.New(list)
	return g, nil
}

// of returns the group of a destination; nil when it is not watched.
func (g *groups) of(a *[16]byte) *group {
	if g.table == nil {
		return &g.list[0]
	}
	i := g.table.Longest(*a)
	if i == prefixtable.None {
		return nil
	}
	return &g.list[i]
}
