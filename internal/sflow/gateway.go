package sflow

import "github.com/flowpipeline/pipeline/flow"

// gateway reads what BGP knows of the packet's way. An AS of 0, and a path
// without an AS, stand for the router's own.
func (d *Decoder) gateway(b *flow.Batch, fl *flow.Flow, p []byte) bool {
	r := reader{rest: p}
	hop, ok := r.address()
	own, src := r.u32(), r.u32()
	r.u32() // the source's neighbour, which no field is for
	path := d.words[:0]
	for n := r.u32(); n > 0 && !r.short; n-- {
		r.u32() // set or sequence
		path = appendWords(path, r.list())
	}
	d.words = path
	communities := r.list()
	preference := r.u32()
	if !ok || r.short {
		return false
	}
	if !hop.IsZero() {
		fl.SetBGPNextHop(hop)
	}
	if src == 0 {
		src = own
	}
	dst := own
	if n := len(path); n > 0 {
		dst = path[n-1]
		fl.SetNextHopAS(path[0])
		b.SetASPath(fl, path)
	}
	if src != 0 {
		fl.SetSrcAS(src)
	}
	if dst != 0 {
		fl.SetDstAS(dst)
	}
	if len(communities) > 0 {
		d.words = appendWords(d.words[:0], communities)
		b.SetCommunities(fl, d.words)
	}
	b.SetLocalPref(fl, preference)
	return true
}
