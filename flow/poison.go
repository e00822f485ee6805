package flow

import "unsafe"

const poisonByte = 0xDB

// poison overwrites everything that a stage could still be reading.
func (o *Owner) poison() {
	b := &o.batch
	fill(b.flows[:b.n])
	fill(b.bytes)
	fill(b.words)
	fill(b.addrs)
	for i := range b.live.all() {
		b.cols[i].poison(b.n)
	}
}

func (v *vector[T]) poison(n int) { fill(v.vals[:n]) }

func fill[T any](s []T) {
	if len(s) == 0 {
		return
	}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
	for i := range raw {
		raw[i] = poisonByte
	}
}
