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

// fragment is a first fragment. Key holds the ports.
type fragment struct {
	key packet.Key
	id  uint32
	set bool
	at  int64
}

// portless returns a key as a later fragment has it.
func portless(k packet.Key) packet.Key {
	k.Ports = 0
	k.Has &^= packet.KeyPorts | packet.KeyICMP
	return k
}

func (f *fragments) slot(k *packet.Key, id uint32) *[fragmentWays]fragment {
	return &f.sets[k.Hash(uint64(id)*0x9e3779b97f4a7c15+1)%fragmentSets]
}

// add remembers a first fragment.
func (f *fragments) add(k packet.Key, id uint32, now int64) {
	if f.sets == nil {
		f.sets = new([fragmentSets][fragmentWays]fragment)
	}
	bare := portless(k)
	set := f.slot(&bare, id)
	victim := &set[0]
	for i := range set {
		e := &set[i]
		if !e.set || e.id == id && portless(e.key) == bare {
			victim = e
			break
		}
		if e.at < victim.at {
			victim = e
		}
	}
	*victim = fragment{key: k, id: id, set: true, at: now}
}

// find returns the key of the first fragment to which a later one, whose key is
// k, belongs.
func (f *fragments) find(k packet.Key, id uint32, now int64) (packet.Key, bool) {
	if f.sets == nil {
		return k, false
	}
	set := f.slot(&k, id)
	for i := range set {
		e := &set[i]
		if e.set && e.id == id && now-e.at < fragmentTime && portless(e.key) == k {
			return e.key, true
		}
	}
	return k, false
}
