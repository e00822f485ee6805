//go:build linux

package kernel

import (
	"fmt"

	"github.com/flowpipeline/pipeline/internal/packet"
)

// Tally is a number of packets and their bytes.
type Tally struct{ Packets, Bytes uint64 }

func (t *Tally) add(packets, bytes uint64) {
	t.Packets += packets
	t.Bytes += bytes
}

// Counts says what became of the packets that are in no entry, as the network
// stack handed them over, since the table was opened.
type Counts struct {
	Refused   [packet.Refusals]Tally // no IP packets, by reason
	Filtered  Tally                  // outside the filter
	Unsampled Tally                  // not chosen by the sampling
	Lost      Tally                  // neither map nor ring had room
	LostWire  Tally                  // the same packets as they are on the wire

	Overflowed         uint64 // packets that came as events
	DetailsLost        uint64 // frames for which the ring had no room
	FragmentsUnmatched uint64 // later fragments whose first was not seen
}

// Counts reads the counters.
func (t *Table) Counts() (Counts, error) {
	var sum Counts
	if err := t.objects.maps.Counts.Lookup(uint32(0), t.counts); err != nil {
		return sum, fmt.Errorf("read counters: %w", err)
	}
	for i := range t.counts {
		c := &t.counts[i]
		for r := range sum.Refused {
			sum.Refused[r].add(c.Refused[r].Packets, c.Refused[r].Bytes)
		}
		sum.Filtered.add(c.Filtered.Packets, c.Filtered.Bytes)
		sum.Unsampled.add(c.Unsampled.Packets, c.Unsampled.Bytes)
		sum.Lost.add(c.Lost.Packets, c.Lost.Bytes)
		sum.LostWire.add(c.LostWire.Packets, c.LostWire.Bytes)
		sum.Overflowed += c.Overflowed
		sum.DetailsLost += c.DetailsLost
		sum.FragmentsUnmatched += c.FragmentsUnmatched
	}
	return sum, nil
}
