package ddos

import (
	"fmt"
	"maps"

	"github.com/flowpipeline/pipeline/flow"
)

// network makes the group of a network.
func (c *config) network(n Network) (group, error) {
	g := group{
		name:    n.Name,
		network: key{addr: flow.AddrFrom(n.Prefix.Addr()), bits: uint8(n.Prefix.Bits()), level: networks},
	}
	for level, floors := range [numLevels][3]Floors{
		hosts:    {HostFloors(), c.hosts, n.Host},
		prefixes: {PrefixFloors(), c.prefixes, n.Subnet},
		networks: {nil, n.Whole, nil},
	} {
		if level == int(networks) && n.Whole == nil {
			continue
		}
		all := Floors{}
		for _, f := range floors {
			maps.Copy(all, f)
		}
		l, err := all.compile(nil)
		if err != nil {
			return g, fmt.Errorf("Networks: %v: %w", n.Prefix, err)
		}
		g.limits[level] = l
	}
	return g, nil
}
