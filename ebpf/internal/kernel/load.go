//go:build linux

package kernel

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// objects is what the kernel holds for a Table.
type objects struct {
	maps     bpf.FlowsMaps
	flows    [generations]*ebpf.Map // one of them is in maps.Generations
	ethernet bpf.FlowsPrograms
	ip       bpf.FlowsPrograms // loaded when somebody asks for them
}

// load puts the maps and the programs for Ethernet into the kernel.
func load(c Config, cpus int) (*objects, error) {
	spec, err := bpf.LoadFlows()
	if err != nil {
		return nil, err
	}
	if err := configure(spec, c, cpus, packet.LinkEthernet); err != nil {
		return nil, err
	}
	o := new(objects)
	for i := range o.flows {
		if o.flows[i], err = ebpf.NewMap(spec.Maps[bpf.FlowsMapGenerations].InnerMap); err != nil {
			_ = o.close()
			return nil, fmt.Errorf("map of %d flows: %w", c.MaxFlows, err)
		}
	}
	var shared ebpf.CollectionOptions
	if a := c.Attribution; a != nil {
		shared.MapReplacements = map[string]*ebpf.Map{
			bpf.FlowsMapSockets: a.Sockets,
			bpf.FlowsMapOwners:  a.Owners,
			bpf.FlowsMapChanges: a.Changes,
		}
	}
	var loaded bpf.FlowsObjects
	if err := spec.LoadAndAssign(&loaded, &shared); err != nil {
		_ = o.close()
		return nil, err
	}
	o.maps, o.ethernet = loaded.FlowsMaps, loaded.FlowsPrograms
	return o, nil
}

// loadIP puts the programs for packets without a link header into the kernel. They
// fill the same maps.
func (o *objects) loadIP(c Config, cpus int) error {
	spec, err := bpf.LoadFlows()
	if err != nil {
		return err
	}
	if err := configure(spec, c, cpus, packet.LinkRaw); err != nil {
		return err
	}
	return spec.LoadAndAssign(&o.ip, &ebpf.CollectionOptions{MapReplacements: map[string]*ebpf.Map{
		bpf.FlowsMapChanges:     o.maps.Changes,
		bpf.FlowsMapCounts:      o.maps.Counts,
		bpf.FlowsMapEvents:      o.maps.Events,
		bpf.FlowsMapFragments:   o.maps.Fragments,
		bpf.FlowsMapGenerations: o.maps.Generations,
		bpf.FlowsMapOwners:      o.maps.Owners,
		bpf.FlowsMapSockets:     o.maps.Sockets,
		bpf.FlowsMapZeros:       o.maps.Zeros,
	}})
}

// configure fits the programs and maps to the configuration.
func configure(spec *ebpf.CollectionSpec, c Config, cpus int, link packet.LinkType) error {
	for name, value := range map[string]any{
		bpf.FlowsVarLinkType:        uint32(link),
		bpf.FlowsVarWithStatistics:  c.Statistics,
		bpf.FlowsVarWithAttribution: c.Attribution != nil,
		bpf.FlowsVarFiltering:       c.Filter != nil,
		bpf.FlowsVarSampling:        c.Sampling,
		bpf.FlowsVarCpus:            uint32(cpus),
		bpf.FlowsVarWakeAt:          uint64(c.RingBytes / 2),
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("variable %s: %w", name, err)
		}
	}
	spec.Maps[bpf.FlowsMapEvents].MaxEntries = uint32(c.RingBytes)
	flows := spec.Maps[bpf.FlowsMapGenerations].InnerMap
	flows.MaxEntries = uint32(c.MaxFlows)
	for _, m := range []*ebpf.MapSpec{flows, spec.Maps[bpf.FlowsMapZeros]} {
		m.ValueSize = uint32(c.layout().size() * cpus)
		m.Value, m.Key = nil, nil // the kernel need not know what is in it
	}
	if a := c.Attribution; a != nil {
		spec.Maps[bpf.FlowsMapOwners].MaxEntries = a.Owners.MaxEntries()
	}
	if c.Filter == nil {
		return nil
	}
	for _, p := range spec.Programs {
		if err := selectBy(p, c.Filter); err != nil {
			return err
		}
	}
	return nil
}

// close lets go of everything; the kernel frees what nothing is attached to.
func (o *objects) close() error {
	for _, m := range o.flows {
		_ = m.Close() // nothing can be lost by it
	}
	_ = o.ethernet.Close()
	_ = o.ip.Close()
	return o.maps.Close()
}
