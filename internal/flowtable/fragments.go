package flowtable

import (
	"time"

	"github.com/flowpipeline/pipeline/internal/packet"
)

const (
	fragmentSets = 1 << 10
	fragmentWays = 4
	// fragmentTime is how long a first fragment is remembered.
	fragmentTime = int64(30 * time.Second)
)

// fragments remembers the ports of first fragments, so that later ones can be
// counted with them. It is bounded: a new one takes the place of the oldest in
// its set. Its hash has a fixed seed, because which fragments fall out must not
// differ between runs; whoever makes them collide only loses his own ports.
type fragments struct {
	sets *[fragmentSets][fragmentWays]fragment
}

// fragment is a first fragment.
type fragment struct {
	same packet.Key // what the later ones have in common with it
	key  packet.Key // its own
	id   uint32
	set  bool
	at   int64
}

// common returns of a fragment's key what the other fragments of its packet have
// too. They have no ports, may tell another protocol than what stands behind the
// first one's extension headers, and a router may have marked some of them alone
// (RFC 3168).
func common(k packet.Key, p *packet.Packet) packet.Key {
	k.Ports = 0
	k.Has &^= packet.KeyPorts | packet.KeyICMP
	k.Proto = p.FragmentProto
	k.TOS = 0
	return k
}

func (f *fragments) slot(k *packet.Key, id uint32) *[fragmentWays]fragment {
	return &f.sets[k.Hash(uint64(id)*0x9e3779b97f4a7c15+1)%fragmentSets]
}

// add remembers p, a first fragment, whose key is k.
func (f *fragments) add(k packet.Key, p *packet.Packet, now int64) {
	if f.sets == nil {
		f.sets = new([fragmentSets][fragmentWays]fragment)
	}
	same, id := common(k, p), p.FragmentID
	set := f.slot(&same, id)
	victim := &set[0]
	for i := range set {
		e := &set[i]
		if !e.set || e.id == id && e.same == same {
			victim = e
			break
		}
		if e.at < victim.at {
			victim = e
		}
	}
	*victim = fragment{same: same, key: k, id: id, set: true, at: now}
}

// find returns the key of the first fragment to which p, a later one, whose key
// is k, belongs.
func (f *fragments) find(k packet.Key, p *packet.Packet, now int64) (packet.Key, bool) {
	if f.sets == nil {
		return k, false
	}
	same, id := common(k, p), p.FragmentID
	set := f.slot(&same, id)
	for i := range set {
		e := &set[i]
		if e.set && e.id == id && now-e.at < fragmentTime && e.same == same {
			return e.key, true
		}
	}
	return k, false
}
