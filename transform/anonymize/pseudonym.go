package anonymize

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/flowpipeline/pipeline/flow"
)

// nameLen is how many bytes of a name's hash make its pseudonym.
const nameLen = 8

// pseudonyms gives pseudonyms of MAC addresses and names. One goroutine at a time
// uses it.
type pseudonyms struct {
	mac  hash.Hash
	sum  [sha256.Size]byte
	text [2 * nameLen]byte
	kind [1]byte

	seen [1 << slotBits]struct{ addr, other flow.MAC } // the zero MAC is none
}

func newPseudonyms(key []byte) *pseudonyms { return &pseudonyms{mac: hmac.New(sha256.New, key)} }

// hash returns a keyed hash of something of a kind. It is valid until the next.
func (p *pseudonyms) hash(kind byte, of []byte) []byte {
	p.mac.Reset()
	p.kind[0] = kind
	_, _ = p.mac.Write(p.kind[:]) // a hash returns no error
	_, _ = p.mac.Write(of)
	return p.mac.Sum(p.sum[:0])
}

// address returns the pseudonym of a MAC address.
func (p *pseudonyms) address(m flow.MAC) flow.MAC {
	const group, local = 1, 2
	if m == (flow.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) {
		return m
	}
	s := &p.seen[place(m.Uint64())]
	if s.addr != m {
		s.addr = m
		copy(s.other[:], p.hash('m', s.addr[:]))
		s.other[0] = s.other[0]&^group | m[0]&group | local
	}
	return s.other
}

// name returns the pseudonym of a name. It is valid until the next.
func (p *pseudonyms) name(name []byte) []byte {
	hex.Encode(p.text[:], p.hash('n', name)[:nameLen])
	return p.text[:]
}
