package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// partition is one that the group has given to this member, from then until it is
// taken away. What was read of it is a queue of spans; the offset to commit is that
// of the last span in front of which everything is delivered.
type partition struct {
	topic  string
	number int32
	format format // of its latest record; the reader's

	// The rest is guarded by the source's lock.
	spans    []span
	head     int    // in spans: the first that is not delivered
	first    uint64 // number of spans[0]
	inflight int    // spans nobody has told the end of
	next     kgo.EpochOffset
	dirty    bool // next is not committed
	gone     bool // taken away
}

// span is what one batch got of a partition.
type span struct {
	next kgo.EpochOffset // behind it
	left int             // who still has to deliver some of it
	bad  bool            // somebody could not
}

// open adds a span, and returns its number.
func (p *partition) open() uint64 {
	p.spans = append(p.spans, span{left: 1, next: kgo.EpochOffset{Offset: -1}})
	p.inflight++
	return p.first + uint64(len(p.spans)) - 1
}

func (p *partition) at(n uint64) *span { return &p.spans[n-p.first] }

// done tells that one of those who deliver a span is done with it.
func (p *partition) done(n uint64, err error) {
	s := p.at(n)
	s.left--
	s.bad = s.bad || err != nil
	if s.left > 0 {
		return
	}
	p.inflight--
	for p.head < len(p.spans) {
		s := &p.spans[p.head]
		if s.left > 0 || s.bad {
			break
		}
		if s.next.Offset >= 0 { // else no record ended in it
			p.next, p.dirty = s.next, true
		}
		p.head++
	}
	if p.head > len(p.spans)/2 {
		p.first += uint64(p.head)
		p.spans = p.spans[:copy(p.spans, p.spans[p.head:])]
		p.head = 0
	}
}
