package anonymize

import (
	"net/netip"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// work is what one goroutine at a time changes a batch with.
type work struct {
	*config
	mode  uint64
	addr  *cache      // nil for a cut alone
	other *pseudonyms // nil to take out what they would be for

	list []flow.Addr // that is being made
	buf  []byte
	done struct{ addresses, macs, names, removed uint64 }
}

func newWork(c *config) *work {
	w := &work{config: c, mode: c.mode()}
	if c.pan != nil {
		w.addr = &cache{cryptoPAn: c.pan}
	}
	if c.pseudonyms != nil {
		w.other = newPseudonyms(c.pseudonyms)
	}
	return w
}

// tell adds what was done to the counters.
func (w *work) tell(c *counters) {
	c.addresses.Add(w.done.addresses)
	c.macs.Add(w.done.macs)
	c.names.Add(w.done.names)
	c.removed.Add(w.done.removed)
	w.done = struct{ addresses, macs, names, removed uint64 }{}
}

// anonymous returns what an address becomes, and how many bits a cut left.
func (w *work) anonymous(a flow.Addr) (flow.Addr, uint64) {
	w.done.addresses++
	if w.addr != nil {
		a = w.addr.pseudonym(a)
	}
	if !w.cuts {
		return a, 0
	}
	bits, from := w.bits6, 0
	if a.Is4() {
		bits, from = w.bits4, 96
	}
	return masked(a, from+bits), uint64(bits)
}

// masked returns an address with zeros behind some bits of its 128.
func masked(a flow.Addr, bits int) flow.Addr {
	p, _ := netip.AddrFrom16(a).Prefix(bits) // the number of bits is right
	return p.Addr().As16()
}

func (w *work) addresses(b *flow.Batch, f address) {
	if _, has := flow.Column[flow.Addr](b, f.field); has == nil && f.field.IsColumn() {
		return
	}
	for fl := range b.All() {
		a, _ := b.Addr(fl, f.field)
		if a.IsZero() {
			continue
		}
		a, preserved := w.anonymous(a)
		if a.IsZero() {
			b.Clear(fl, f.field)
		} else {
			b.SetAddr(fl, f.field, a)
		}
		if f.anon != 0 {
			b.SetUint(fl, f.anon, w.mode)
		}
		if f.preserved != 0 && w.cuts {
			b.SetUint(fl, f.preserved, preserved)
		}
	}
}

func (w *work) lists(b *flow.Batch, f flow.Field) {
	if _, has := flow.Column[flow.AddrList](b, f); has == nil {
		return
	}
	for fl := range b.All() {
		old, ok := b.Addrs(fl, f)
		if !ok {
			continue
		}
		w.list = w.list[:0]
		for _, a := range old {
			if !a.IsZero() {
				a, _ = w.anonymous(a)
			}
			w.list = append(w.list, a)
		}
		b.SetAddrs(fl, f, w.list)
	}
}

func (w *work) macs(b *flow.Batch, f flow.Field) {
	if _, has := flow.Column[flow.MAC](b, f); has == nil && f.IsColumn() {
		return
	}
	for fl := range b.All() {
		v, _ := b.Uint(fl, f)
		switch {
		case v == 0:
		case w.other == nil:
			b.Clear(fl, f)
			w.done.removed++
		default:
			b.SetUint(fl, f, w.other.address(flow.MACFromUint64(v)).Uint64())
			w.done.macs++
		}
	}
}

// texts writes the text of an address again.
func (w *work) texts(b *flow.Batch, f text) {
	texts, has := flow.Column[flow.Text](b, f.field)
	if has == nil {
		return
	}
	_, rows := b.Raw()
	for _, i := range rows {
		if !has[i] {
			continue
		}
		if w.buf = w.appendAddress(w.buf[:0], b, int(i), f.of); len(w.buf) == 0 {
			has[i] = false
			w.done.removed++
			continue
		}
		texts[i] = b.AppendText(unsafe.String(&w.buf[0], len(w.buf)))
	}
}

// appendAddress appends the text of an IP or MAC address of a row; nothing where
// there is none.
func (w *work) appendAddress(to []byte, b *flow.Batch, row int, f flow.Field) []byte {
	flows, _ := b.Raw()
	fl := &flows[row]
	if a, ok := b.Addr(fl, f); ok {
		return a.AppendTo(to)
	}
	v, _ := b.Uint(fl, f)
	return flow.MACFromUint64(v).AppendTo(to)
}

func (w *work) names(b *flow.Batch, f flow.Field) {
	if w.other == nil {
		w.remove(b, f)
		return
	}
	texts, has := flow.Column[flow.Text](b, f)
	if has == nil {
		return
	}
	_, rows := b.Raw()
	for _, i := range rows {
		if !has[i] || len(b.Bytes(texts[i])) == 0 {
			continue
		}
		name := w.other.name(b.Bytes(texts[i]))
		texts[i] = b.AppendText(unsafe.String(&name[0], len(name)))
		w.done.names++
	}
}

// remove takes a text out.
func (w *work) remove(b *flow.Batch, f flow.Field) {
	_, has := flow.Column[flow.Text](b, f)
	if has == nil {
		return
	}
	_, rows := b.Raw()
	for _, i := range rows {
		if has[i] {
			has[i] = false
			w.done.removed++
		}
	}
}
