package netflow

// heldOverhead is what a held set takes beyond its bytes.
const heldOverhead = 96

// heldShare is the part of all held bytes that one domain may take, so that one
// exporter cannot keep out the others.
const heldShare = 4

// heldSet is a data set that waits for its template.
type heldSet struct {
	template uint16
	header   header
	data     []byte
}

// hold keeps a copy of a set; false when there is no room. The exporter is
// locked.
func (s *Store) hold(d *domain, id uint16, h header, data []byte) bool {
	n := len(data) + heldOverhead
	if d.heldBytes+n > s.cfg.HoldBytes/heldShare || !take(&s.held, n, s.cfg.HoldBytes) {
		return false
	}
	d.heldBytes += n
	d.held = append(d.held, heldSet{id, h, append([]byte(nil), data...)})
	return true
}

// release hands the held sets of a template to fn, oldest first, and forgets
// them. The exporter is locked.
func (s *Store) release(d *domain, id uint16, fn func(*heldSet)) {
	kept := d.held[:0]
	for i := range d.held {
		h := &d.held[i]
		if h.template != id {
			kept = append(kept, *h)
			continue
		}
		s.unhold(d, h)
		fn(h)
	}
	clear(d.held[len(kept):])
	d.held = kept
}

// expireHeld forgets the sets that were held for too long. The exporter is
// locked.
func (s *Store) expireHeld(d *domain, now int64) (expired int) {
	for expired < len(d.held) && now-d.held[expired].header.received > int64(s.cfg.HoldFor) {
		s.unhold(d, &d.held[expired])
		expired++
	}
	if expired > 0 {
		d.held = append([]heldSet(nil), d.held[expired:]...)
	}
	return expired
}

func (s *Store) unhold(d *domain, h *heldSet) {
	n := len(h.data) + heldOverhead
	d.heldBytes -= n
	s.held.Add(int64(-n))
}
