package netflow

// Lengths of headers.
const (
	headerV9    = 20
	headerIPFIX = 16
	headerSet   = 4
)

// beginV9 reads a datagram of NetFlow v9. The header's count is not used:
// exporters disagree on what it counts.
func (d *Decoder) beginV9(p []byte) {
	if len(p) < headerV9 {
		d.refuse(DatagramTruncated, 0)
		return
	}
	d.header.uptime, d.header.relative = u32(p[4:]), true
	d.header.exportMs = int64(u32(p[8:])) * 1000
	d.header.sequence = u32(p[12:])
	if !d.enter(u32(p[16:])) {
		d.refuse(ExportersFull, 0)
		return
	}
	defer d.ex.mu.Unlock()
	d.sets(p[headerV9:])
	d.number(1, true, LostDatagrams, MissedDatagrams)
}

// beginIPFIX reads a message of IPFIX.
func (d *Decoder) beginIPFIX(p []byte) {
	if len(p) < headerIPFIX {
		d.refuse(DatagramTruncated, 0)
		return
	}
	n := int(u16(p[2:]))
	d.header.exportMs = int64(u32(p[4:])) * 1000
	d.header.sequence = u32(p[8:])
	if n < headerIPFIX || n > len(p) {
		// What is there can still be read: sets tell their own lengths.
		d.refuse(DatagramTruncated, 0)
		n = len(p)
	} else if n < len(p) {
		d.counters[TrailingBytes]++
	}
	if !d.enter(u32(p[12:])) {
		d.refuse(ExportersFull, 0)
		return
	}
	defer d.ex.mu.Unlock()
	records, known := d.sets(p[headerIPFIX:n])
	d.number(records, known, LostRecords, MissedRecords)
}

// sets reads what describes data, and queues the data. It returns how many data
// records there are, and whether that is known.
func (d *Decoder) sets(p []byte) (records uint32, known bool) {
	known = true
	for len(p) >= headerSet {
		id, n := u16(p), int(u16(p[2:]))
		if n < headerSet {
			if !zeros(p) { // zeros are padding
				d.refuse(SetLength, id)
				known = false
			}
			return records, known
		}
		if n > len(p) {
			d.refuse(SetTruncated, id)
			return records, false
		}
		data := p[headerSet:n]
		p = p[n:]
		switch kind := d.kind(id); {
		case id >= minTemplateID:
			count, ok := d.data(id, d.header, data)
			records += count
			known = known && ok
		case kind == kindTemplate, kind == kindOptions:
			d.templates(data, kind == kindOptions)
		default:
			d.refuse(SetReserved, id)
		}
	}
	if len(p) > 0 && !zeros(p) {
		d.counters[TrailingBytes]++
	}
	return records, known
}

const (
	kindData = iota
	kindTemplate
	kindOptions
)

func (d *Decoder) kind(id uint16) int {
	if d.version == versionV9 {
		id += setTemplate - setTemplateV9
		if id < setTemplate {
			return kindData
		}
	}
	switch id {
	case setTemplate:
		return kindTemplate
	case setOptions:
		return kindOptions
	}
	return kindData
}

// templates reads a set of templates.
func (d *Decoder) templates(p []byte, options bool) {
	for len(p) >= 4 {
		if zeros(p) {
			return // padding
		}
		t, n, bad := parseTemplate(d.version, options, p)
		if n == 0 {
			d.refuse(bad, u16(p))
			return
		}
		p = p[n:]
		switch {
		case d.version == versionIPFIX && len(t.wire) == 2:
			d.withdraw(t.id, options)
		case bad != 0:
			d.refuse(bad, t.id)
		default:
			d.define(t)
		}
	}
}

// withdraw forgets one template, or all of a kind (RFC 7011 8.1).
func (d *Decoder) withdraw(id uint16, options bool) {
	for _, t := range d.dom.templates {
		if t.options == options && (t.id == id || id == setTemplate && !options || id == setOptions && options) {
			d.store.remove(d.dom, t)
			d.counters[Withdrawn]++
		}
	}
}

// define learns a template, and queues the data that was held for it.
func (d *Decoder) define(t *template) {
	if old := d.dom.templates[t.id]; old != nil && old.options == t.options && string(old.wire) == string(t.wire) {
		old.used = d.header.received
		return
	}
	if !t.keep(d.version) {
		d.refuse(TemplateEmpty, t.id)
		return
	}
	t.used = d.header.received
	t.program = d.compile(d.ex, t)
	if !d.store.define(d.dom, t) {
		d.refuse(TemplatesFull, t.id)
		return
	}
	d.counters[Templates]++
	d.store.release(d.dom, t.id, func(h *heldSet) {
		d.counters[ReleasedSets]++
		d.use(t, h.header, h.data)
	})
}

// data queues a data set, or holds it.
func (d *Decoder) data(id uint16, h header, p []byte) (records uint32, known bool) {
	t := d.dom.templates[id]
	if t == nil {
		d.counters[HoldExpired] += uint64(d.store.expireHeld(d.dom, h.received))
		if d.store.hold(d.dom, id, h, p) {
			d.counters[HeldSets]++
		} else {
			d.refuse(HoldFull, id)
		}
		return 0, false
	}
	t.used = h.received
	return d.use(t, h, p)
}

// use queues a set of flows, or learns a set of options data.
func (d *Decoder) use(t *template, h header, p []byte) (records uint32, known bool) {
	count, n, whole := t.records(p)
	if !whole {
		d.refuse(RecordTruncated, t.id)
	}
	if t.options {
		d.counters[OptionsRecords] += uint64(count)
		d.learnAll(t, p[:n])
	} else if count > 0 {
		d.jobs = append(d.jobs, job{template: t, header: h, data: p[:n]})
		countUnmapped(t, count, p)
	}
	return uint32(count), whole
}

// learnAll learns whole options data records.
func (d *Decoder) learnAll(t *template, p []byte) {
	v9 := d.version == versionV9
	for len(p) > 0 {
		var r optionsRecord
		n := t.each(p, func(i int, f *field, v []byte) { r.read(f, i < t.scopes, v9, v) })
		p = p[n:]
		d.learn(&d.dom.options, &r)
	}
}
