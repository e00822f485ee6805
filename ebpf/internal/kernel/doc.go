// Package kernel counts packets into flows in the kernel.
//
// A Table loads the programs of package bpf and the maps that they fill. The
// programs, attached to an interface by somebody else, count each packet into the
// map of the current generation. Swap begins the next generation; Next then reads
// and empties the last one, which no program uses any more, so that nothing is lost
// or counted twice between reading and deleting. A packet for which the map has no
// room comes as an event of its own; only when the ring of events is full too is it
// lost, and counted.
//
// Flows have an entry in each generation. Whoever reads them merges the entries of
// a key, as package flowtable does.
package kernel
