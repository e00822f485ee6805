package netflow

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/flowpipeline/pipeline/flow"
)

// Decoder turns datagrams into flows. It is for one goroutine; those of a source
// share a Store.
type Decoder struct {
	store   *Store
	symbols *flow.Quota
	layout  *flow.Layout
	extra   map[flow.IE]flow.Field
	cache   [cacheSize]*exporter

	counters Counters
	latest   Example

	// The datagram.
	from    netip.AddrPort
	session int64 // that the datagram is a message of; 0 for none
	version uint16
	ex      *exporter
	dom     *domain
	header  header
	source  flow.Addr
	jobs    []job
	next    int // job

	// The set that is being decoded.
	base   flow.Flow // what all its flows begin with
	at     header
	rate   rateCache
	varies bool // the rate depends on the interface
	rec    record
	block  records

	words [maxList]uint32
	addrs [maxList]flow.Addr
}

// cacheSize is how many exporters a decoder finds without asking the store.
const cacheSize = 256

// job is data of the datagram, or held before it, that becomes flows.
type job struct {
	template *template // nil for v5 and v7
	header   header
	data     []byte
}

// NewDecoder returns a decoder. The quota is for names that exporters send; it
// and those of the other decoders of the store belong to one table. It fails if a
// mapping names no field.
func NewDecoder(store *Store, cfg Config, symbols *flow.Quota, layout *flow.Layout) (*Decoder, error) {
	d := &Decoder{store: store, symbols: symbols, layout: layout, extra: map[flow.IE]flow.Field{}}
	var errs []error
	for _, m := range cfg.Extra {
		f, ok := layout.Lookup(m.Field)
		if !ok {
			errs = append(errs, fmt.Errorf("element %d/%d: no field %q", m.PEN, m.ID, m.Field))
			continue
		}
		d.extra[flow.IE{PEN: m.PEN, ID: m.ID}] = f
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	store.bind(d)
	return d, nil
}

// Counters returns what was counted since the decoder was made.
func (d *Decoder) Counters() *Counters { return &d.counters }

// Latest returns the latest refusal; its Reason is 0 if there was none.
func (d *Decoder) Latest() Example { return d.latest }

// refuse counts something that is not decoded.
func (d *Decoder) refuse(r Reason, template uint16) {
	d.counters[r]++
	d.latest = Example{Reason: r, Exporter: d.from, Version: d.version, Template: template}
	if d.dom != nil {
		d.latest.Domain = d.dom.id
	}
}

// Begin reads the headers, templates and options data of a datagram. The payload
// must stay as it is until Fill has returned true. received is when it came, in
// nanoseconds since the epoch.
func (d *Decoder) Begin(payload []byte, from netip.AddrPort, received int64) {
	d.BeginMessage(payload, from, 0, received)
}

// BeginMessage reads the head of a message of a session, as Begin does of a
// datagram. Templates, options data and sequence numbers belong to the session
// alone, until EndSession (RFC 7011 section 8).
func (d *Decoder) BeginMessage(payload []byte, from netip.AddrPort, session, received int64) {
	d.drop()
	d.counters[Datagrams]++
	d.counters[HoldExpired] += uint64(d.store.sweep(received))
	d.from, d.session, d.version, d.ex, d.dom = from, session, 0, nil, nil
	d.header = header{received: received}
	if len(payload) < 2 {
		d.refuse(DatagramTruncated, 0)
		return
	}
	d.version = u16(payload)
	switch d.version {
	case versionV5, versionV7:
		d.beginFixed(payload)
	case versionV9:
		d.beginV9(payload)
	case versionIPFIX:
		d.beginIPFIX(payload)
	default:
		d.refuse(UnknownVersion, 0)
	}
}

// EndSession forgets what a session told, which is of IPFIX. Data that still waits
// for a template is counted as HoldExpired. It must be called between messages.
func (d *Decoder) EndSession(from netip.AddrPort, session int64) {
	d.counters[HoldExpired] += uint64(d.store.end(d.key(from, session, versionIPFIX)))
}

// Fill adds flows to b until the datagram is done or b is full. It returns
// whether the datagram is done.
func (d *Decoder) Fill(b *flow.Batch) (done bool) {
	for d.next < len(d.jobs) {
		j := &d.jobs[d.next]
		if !d.fill(j, b) {
			return false
		}
		d.next++
	}
	d.drop()
	return true
}

// drop forgets the datagram's data.
func (d *Decoder) drop() {
	clear(d.jobs)
	d.jobs, d.next = d.jobs[:0], 0
	d.block.data = nil
}

func (d *Decoder) fill(j *job, b *flow.Batch) bool {
	if d.ex != nil {
		d.ex.mu.RLock()
		defer d.ex.mu.RUnlock()
	}
	if j.template == nil {
		return d.fillFixed(j, b)
	}
	return d.fillTemplate(j, b)
}

// enter finds and locks the exporter, and its domain; false when there are too
// many.
func (d *Decoder) enter(domain uint32) bool {
	key := d.key(d.from, d.session, d.version)
	d.source = key.addr
	ex := d.lock(key)
	if ex == nil {
		return false
	}
	dom := d.store.domain(ex, domain)
	if dom == nil {
		ex.mu.Unlock()
		return false
	}
	ex.seen, dom.seen = d.header.received, d.header.received
	d.ex, d.dom = ex, dom
	return true
}

func (d *Decoder) key(from netip.AddrPort, session int64, version uint16) exporterKey {
	key := exporterKey{addr: flow.AddrFrom(from.Addr()), version: version, session: session}
	if session != 0 || d.store.cfg.PortInKey {
		key.port = from.Port()
	}
	return key
}

// lock finds and locks an exporter; nil when there are too many.
func (d *Decoder) lock(key exporterKey) *exporter {
	slot := &d.cache[key.slot()]
	for ex := *slot; ; ex = nil {
		if ex == nil || ex.key != key {
			if ex = d.store.exporter(key, d.from.Addr()); ex == nil {
				return nil
			}
			*slot = ex
		}
		ex.mu.Lock()
		if !ex.gone {
			return ex
		}
		ex.mu.Unlock() // a sweep came before
	}
}

// slot spreads exporters over the cache.
func (k *exporterKey) slot() uint32 {
	h := u32(k.addr[12:]) ^ u32(k.addr[8:])*31 ^ u32(k.addr[4:])*131 ^ uint32(k.port)<<8 ^ uint32(k.version)
	return h * 0x9e3779b1 >> (32 - 8)
}

// number follows the sequence numbers. units is what the datagram adds to them;
// missing ones are counted as lost, or as missed when they came while nobody
// listened.
func (d *Decoder) number(units uint32, known bool, lost, missed Reason) {
	s := &d.dom.sequence
	if s.restored {
		lost = missed
	}
	missing, late, reset := s.check(d.header.sequence)
	d.counters[lost] += uint64(missing)
	if late {
		d.counters[LateDatagrams]++
	}
	if reset {
		d.counters[SequenceResets]++
	}
	s.advance(d.header.sequence, units, late)
	s.known = s.known && (known || late)
}
