//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/flowpipeline/pipeline/internal/packet"
)

const (
	maxBatch   = 4096
	minBatch   = 256     // far more than ever share a bucket of the hash
	batchBytes = 8 << 20 // of values, on machines with many CPUs
)

// drain takes the flows out of a generation that no program uses any more.
type drain struct {
	flows  *ebpf.Map
	cursor *ebpf.MapBatchCursor
	keys   []packet.Key
	values []uint64 // of each key those of all CPUs
	batch  any      // values as a slice with an element for each key
	words  int      // of the values of a key

	n, at int  // of the batch: flows, and the next of them
	more  bool // than the batch
}

func (d *drain) init(l layout, cpus int) {
	d.words = l.words() * cpus
	batch := min(maxBatch, max(minBatch, batchBytes/8/d.words))
	d.keys = make([]packet.Key, batch)
	values := reflect.MakeSlice(reflect.SliceOf(reflect.ArrayOf(d.words, reflect.TypeFor[uint64]())), batch, batch)
	d.values = unsafe.Slice((*uint64)(values.UnsafePointer()), batch*d.words)
	d.batch = values.Interface()
}

func (d *drain) begin(flows *ebpf.Map) {
	d.flows, d.cursor = flows, new(ebpf.MapBatchCursor)
	d.n, d.at, d.more = 0, 0, true
}

// next returns the next flow's key and values, nil when there is none.
func (d *drain) next() (*packet.Key, []uint64, error) {
	for d.at == d.n {
		if !d.more {
			return nil, nil, nil
		}
		if err := d.fill(); err != nil {
			return nil, nil, err
		}
	}
	i := d.at
	d.at++
	return &d.keys[i], d.values[i*d.words : (i+1)*d.words], nil
}

func (d *drain) fill() error {
	n, err := d.flows.BatchLookupAndDelete(d.cursor, d.keys, d.batch, nil)
	if errors.Is(err, ebpf.ErrKeyNotExist) { // these were the last
		d.more = false
	} else if err != nil {
		return fmt.Errorf("read flows: %w", err)
	}
	d.n, d.at = n, 0
	return nil
}
