//go:build linux

package kernel

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// generations of flows are kept.
const generations = 2

// What the kernel takes for an element of a hash beside key and value, and for a
// place in its table.
const (
	elementBytes = 48
	bucketBytes  = 16
	keyBytes     = 48
)

// flowBytes returns the memory of a flow in one generation: an element with the
// key, a place in the table of which there are at most two for each, and a value on
// each CPU.
func flowBytes(valueSize, cpus int) int {
	return elementBytes + keyBytes + 2*bucketBytes + valueSize*cpus
}

// Memory returns how many bytes the kernel takes for the maps of a table on a
// machine with so many CPUs, those that may still be plugged in included.
func (c Config) Memory(cpus int) uint64 {
	c = c.withDefaults(cpus)
	element := flowBytes(c.layout().size(), cpus) - 2*bucketBytes
	flows := uint64(c.MaxFlows)*uint64(element) + uint64(roundUp(c.MaxFlows))*bucketBytes
	return generations*flows + uint64(c.RingBytes) + fragmentBytes
}

// fragmentBytes is what the first fragments take that are remembered.
const fragmentBytes = 4096 * (elementBytes + 56 + 56 + bucketBytes)

// Memory returns how many bytes the kernel says the maps take.
func (t *Table) Memory() (uint64, error) {
	flows, maps := t.objects.flows, t.objects.maps
	var sum uint64
	for _, m := range []*ebpf.Map{flows[0], flows[1], maps.Events, maps.Fragments, maps.Counts, maps.Generations, maps.Zeros} {
		info, err := m.Info()
		if err != nil {
			return 0, fmt.Errorf("size of map: %w", err)
		}
		n, _ := info.Memlock()
		sum += n
	}
	return sum, nil
}
