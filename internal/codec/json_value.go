package codec

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline/flow"
)

// member reads the value at p[i] into a field and returns the index behind it,
// or, with an error, where the trouble is.
func (d *JSONDecoder) member(p []byte, i int, b *flow.Batch, fl *flow.Flow, n *jsonName) (int, error) {
	if i >= len(p) {
		return i, ErrTruncated
	}
	c := p[i]
	switch {
	case c-'0' <= 9:
		v, next, ok := scanUint(p, i)
		if !ok {
			break // a fraction, an exponent, or too great
		}
		return where(i, next, d.setNumber(b, fl, n, v))
	case c == '"':
		s, next, err := d.scanString(p, i+1)
		if err != nil {
			return next, err
		}
		return where(i, next, d.setText(b, fl, n, s))
	case c == '[' && (n.kind == flow.KindU32s || n.kind == flow.KindAddrs):
		return d.array(p, i+1, b, fl, n)
	case c == 'n':
		next, err := literal(p, i, "null")
		if err == nil {
			d.clear(b, fl, n)
		}
		return next, err
	case c == 't':
		next, err := literal(p, i, "true")
		if err != nil {
			return next, err
		}
		return where(i, next, d.setBool(b, fl, n, 1))
	case c == 'f':
		next, err := literal(p, i, "false")
		if err != nil {
			return next, err
		}
		return where(i, next, d.setBool(b, fl, n, 0))
	case c == '{' || c == '[':
		return i, ErrValue
	}
	num, next, err := scanNumber(p, i)
	if err != nil {
		return next, err
	}
	return where(i, next, d.setOddNumber(b, fl, n, num))
}

// where gives the place of an error in setting a field, the beginning of its
// value, or the index behind the value when there is none.
func where(start, next int, err error) (int, error) {
	if err != nil {
		return start, err
	}
	return next, nil
}

// scanUint reads the digits at p[i]. ok is false when they are not a plain
// number below 2^64.
func scanUint(p []byte, i int) (v uint64, next int, ok bool) {
	from := i
	for i < len(p) && p[i]-'0' <= 9 {
		if i-from == 19 { // the next digit may be one too many
			if v > math.MaxUint64/10 || v == math.MaxUint64/10 && p[i] > '5' {
				return 0, from, false
			}
		}
		v = v*10 + uint64(p[i]-'0')
		i++
	}
	if n := i - from; n == 0 || n > 20 || n > 1 && p[from] == '0' {
		return 0, from, false
	}
	if i < len(p) && (p[i] == '.' || p[i]|0x20 == 'e') {
		return 0, from, false
	}
	return v, i, true
}

func (d *JSONDecoder) clear(b *flow.Batch, fl *flow.Flow, n *jsonName) {
	if n.fold > 0 {
		d.folds.forget(int(n.fold) - 1)
		return
	}
	b.Clear(fl, n.field)
}

// setNumber sets a field from a number that is not negative.
func (d *JSONDecoder) setNumber(b *flow.Batch, fl *flow.Flow, n *jsonName, v uint64) error {
	limit := uint64(math.MaxUint64)
	switch n.kind {
	case flow.KindU8:
		limit = math.MaxUint8
	case flow.KindU16:
		limit = math.MaxUint16
	case flow.KindU32:
		limit = math.MaxUint32
		if v == 0 && n.field == flow.FieldSamplingRate {
			fl.Clear(n.field)
			return nil
		}
	case flow.KindU64:
	case flow.KindTime:
		limit = math.MaxInt64
	case flow.KindMAC:
		limit = 1<<48 - 1
	default:
		return fmt.Errorf("%w: a number", ErrValue)
	}
	if v > limit {
		return fmt.Errorf("%w: %d is above %d", ErrRange, v, limit)
	}
	if n.fold > 0 {
		if !d.folds.number(int(n.fold)-1, v) {
			return fmt.Errorf("%w: %d", ErrRange, v)
		}
		return nil
	}
	b.SetUint(fl, n.field, v)
	return nil
}

// setOddNumber sets a field from a number with a sign, a fraction or an
// exponent: it must still be a whole number that fits.
func (d *JSONDecoder) setOddNumber(b *flow.Batch, fl *flow.Flow, n *jsonName, num []byte) error {
	v, err := wholeNumber(num)
	switch {
	case err != nil:
		return err
	case v.IsUint64():
		return d.setNumber(b, fl, n, v.Uint64())
	case v.IsInt64() && n.kind == flow.KindTime:
		b.SetUint(fl, n.field, uint64(v.Int64()))
		return nil
	case !n.kind.IsNumber() && n.kind != flow.KindMAC:
		return fmt.Errorf("%w: a number", ErrValue)
	}
	return fmt.Errorf("%w: %s", ErrRange, num)
}

// maxOddNumber bounds the text of a number with a fraction or an exponent, and
// maxExponent its exponent, since its digits are computed.
const (
	maxOddNumber = 64
	maxExponent  = 64
)

func wholeNumber(num []byte) (*big.Int, error) {
	if len(num) > maxOddNumber {
		return nil, fmt.Errorf("%w: a number of %d characters", ErrRange, len(num))
	}
	if e := bytes.IndexAny(num, "eE"); e >= 0 {
		digits := bytes.TrimLeft(num[e+1:], "+-0")
		if exp, _, ok := scanUint(digits, 0); len(digits) > 0 && (!ok || exp > maxExponent) {
			return nil, fmt.Errorf("%w: %s", ErrRange, num)
		}
	}
	r, ok := new(big.Rat).SetString(string(num))
	if !ok {
		return nil, ErrSyntax
	}
	if !r.IsInt() {
		return nil, fmt.Errorf("%w: %s is no whole number", ErrRange, num)
	}
	return r.Num(), nil
}

func (d *JSONDecoder) setBool(b *flow.Batch, fl *flow.Flow, n *jsonName, v uint64) error {
	if n.kind != flow.KindU8 && (n.fold == 0 || foldedFields[n.fold-1].how != foldIgnore) {
		return fmt.Errorf("%w: true or false", ErrValue)
	}
	return d.setNumber(b, fl, n, v)
}

// setText sets a field from a string.
func (d *JSONDecoder) setText(b *flow.Batch, fl *flow.Flow, n *jsonName, s []byte) error {
	switch n.kind {
	case flow.KindAddr:
		if len(s) == 0 {
			d.clear(b, fl, n)
			return nil
		}
		a, ok := parseAddr(s)
		if !ok {
			return fmt.Errorf("%w: %.50q is no address", ErrValue, s)
		}
		if n.fold > 0 {
			d.folds.address(int(n.fold)-1, a)
			return nil
		}
		b.SetAddr(fl, n.field, a)
	case flow.KindSymbol:
		sym, ok := d.quota.Intern(s)
		if !ok {
			b.Clear(fl, n.field)
			return nil
		}
		b.SetUint(fl, n.field, uint64(sym))
	case flow.KindText:
		b.SetText(fl, n.field, text(s))
	case flow.KindCountry:
		c, ok := flow.ParseCountry(text(s))
		if !ok {
			return fmt.Errorf("%w: %.50q is no country", ErrValue, s)
		}
		if n.fold > 0 {
			d.folds.country(int(n.fold)-1, c)
			return nil
		}
		b.SetText(fl, n.field, text(s))
	case flow.KindMAC:
		if len(s) == 0 {
			d.clear(b, fl, n)
			return nil
		}
		m, ok := parseMAC(s)
		if !ok {
			return fmt.Errorf("%w: %.50q is no MAC address", ErrValue, s)
		}
		b.SetUint(fl, n.field, m.Uint64())
	case flow.KindU32s, flow.KindAddrs:
		return fmt.Errorf("%w: a string", ErrValue)
	default:
		return d.setNumberText(b, fl, n, s)
	}
	return nil
}

// setNumberText sets a number from a string: digits, the name of a value, a
// prefix in place of its length, or a date in place of a time.
func (d *JSONDecoder) setNumberText(b *flow.Batch, fl *flow.Flow, n *jsonName, s []byte) error {
	if v, next, ok := scanUint(s, 0); ok && next == len(s) {
		return d.setNumber(b, fl, n, v)
	}
	if n.enum {
		v, found := enumNumber(n, s)
		if found {
			return d.setNumber(b, fl, n, v)
		}
		if nameless(s) {
			d.clear(b, fl, n)
			return nil
		}
	}
	switch {
	case n.kind == flow.KindTime:
		if t, err := time.Parse(time.RFC3339Nano, text(s)); err == nil {
			return d.setDate(b, fl, n, t)
		}
	case n.field == flow.FieldSrcPrefixLen || n.field == flow.FieldDstPrefixLen:
		if string(s) == "invalid Prefix" { // what goflow2 writes without an address
			d.clear(b, fl, n)
			return nil
		}
		if slash := bytes.IndexByte(s, '/'); slash >= 0 {
			if v, next, ok := scanUint(s, slash+1); ok && next == len(s) {
				return d.setNumber(b, fl, n, v)
			}
		}
	}
	if num, next, err := scanNumber(s, 0); err == nil && next == len(s) {
		return d.setOddNumber(b, fl, n, num)
	}
	return fmt.Errorf("%w: %.50q", ErrValue, s)
}

// setDate sets a time from a date. The zero time of Go stands for none.
func (d *JSONDecoder) setDate(b *flow.Batch, fl *flow.Flow, n *jsonName, t time.Time) error {
	if t.IsZero() {
		d.clear(b, fl, n)
		return nil
	}
	ns := t.UnixNano()
	if !time.Unix(0, ns).Equal(t) { // it overflowed
		return fmt.Errorf("%w: a date outside of 1677 to 2262", ErrRange)
	}
	b.SetUint(fl, n.field, uint64(ns))
	return nil
}

// array reads a list from behind its bracket.
func (d *JSONDecoder) array(p []byte, i int, b *flow.Batch, fl *flow.Flow, n *jsonName) (int, error) {
	d.list, d.addrs = d.list[:0], d.addrs[:0]
	i = space(p, i)
	for first := true; ; first = false {
		switch {
		case i >= len(p):
			return i, ErrTruncated
		case p[i] == ']' && first:
			d.setList(b, fl, n)
			return i + 1, nil
		}
		if len(d.list)+len(d.addrs) == maxList {
			return i, errList
		}
		var err error
		if i, err = d.element(p, i, n); err != nil {
			return i, err
		}
		i = space(p, i)
		switch {
		case i < len(p) && p[i] == ']':
			d.setList(b, fl, n)
			return i + 1, nil
		case i >= len(p) || p[i] != ',':
			return i, syntaxAt(p, i)
		}
		i = space(p, i+1)
	}
}

func (d *JSONDecoder) setList(b *flow.Batch, fl *flow.Flow, n *jsonName) {
	if n.kind == flow.KindU32s {
		b.SetU32s(fl, n.field, d.list)
	} else {
		b.SetAddrs(fl, n.field, d.addrs)
	}
}

// element reads one element of a list.
func (d *JSONDecoder) element(p []byte, i int, n *jsonName) (int, error) {
	if i >= len(p) {
		return i, ErrTruncated
	}
	if p[i] != '"' {
		v, next, ok := scanUint(p, i)
		switch {
		case n.kind != flow.KindU32s:
			return i, ErrValue
		case !ok:
			return i, fmt.Errorf("%w: no number below 2^32", ErrValue)
		case v > math.MaxUint32:
			return i, fmt.Errorf("%w: %d", ErrRange, v)
		}
		d.list = append(d.list, uint32(v))
		return next, nil
	}
	s, next, err := d.scanString(p, i+1)
	if err != nil {
		return next, err
	}
	if n.kind == flow.KindAddrs {
		a, ok := parseAddr(s)
		if !ok {
			return i, fmt.Errorf("%w: %.50q is no address", ErrValue, s)
		}
		d.addrs = append(d.addrs, a)
		return next, nil
	}
	v, end, ok := scanUint(s, 0)
	if !ok || end != len(s) {
		if v, ok = enumNumber(n, s); !ok {
			return i, fmt.Errorf("%w: %.50q", ErrValue, s)
		}
	}
	if v > math.MaxUint32 {
		return i, fmt.Errorf("%w: %d", ErrRange, v)
	}
	d.list = append(d.list, uint32(v))
	return next, nil
}

// parseAddr reads an address as text or, as protojson has it, 4 or 16 bytes in
// base64.
func parseAddr(s []byte) (flow.Addr, bool) {
	if a, ok := parseAddr4(s); ok {
		return a, true
	}
	if bytes.IndexByte(s, ':') >= 0 {
		if bytes.IndexByte(s, '%') >= 0 {
			return flow.Addr{}, false
		}
		ip, err := netip.ParseAddr(text(s))
		return flow.AddrFrom(ip), err == nil
	}
	var buf [18]byte
	return flow.AddrFromSlice(appendBase64(buf[:0], s))
}

// parseAddr4 reads a dotted IPv4 address.
func parseAddr4(s []byte) (flow.Addr, bool) {
	if len(s) < 7 || len(s) > 15 {
		return flow.Addr{}, false
	}
	var ip [4]byte
	part, digits, v := 0, 0, 0
	for _, c := range s {
		switch {
		case c-'0' <= 9:
			if digits > 0 && v == 0 {
				return flow.Addr{}, false
			}
			v = v*10 + int(c-'0')
			digits++
			if v > 255 {
				return flow.Addr{}, false
			}
		case c == '.' && digits > 0 && part < 3:
			ip[part] = byte(v)
			part, digits, v = part+1, 0, 0
		default:
			return flow.Addr{}, false
		}
	}
	ip[3] = byte(v)
	return flow.AddrFrom4(ip), part == 3 && digits > 0
}

// appendBase64 appends what s stands for in either alphabet, padded or not, and
// at most 18 bytes; nothing when s is no base64.
func appendBase64(dst, s []byte) []byte {
	s = bytes.TrimRight(s, "=")
	if len(s) > 24 || len(s)%4 == 1 {
		return dst
	}
	acc, n := uint32(0), 0
	out := dst
	for _, c := range s {
		switch {
		case 'A' <= c && c <= 'Z':
			c -= 'A'
		case 'a' <= c && c <= 'z':
			c -= 'a' - 26
		case '0' <= c && c <= '9':
			c += 52 - '0'
		case c == '+' || c == '-':
			c = 62
		case c == '/' || c == '_':
			c = 63
		default:
			return dst
		}
		acc = acc<<6 | uint32(c)
		if n += 6; n >= 8 {
			n -= 8
			out = append(out, byte(acc>>n))
		}
	}
	return out
}

// parseMAC reads an EUI-48 address: pairs of digits with colons or dashes, or,
// as protojson has it, a decimal number.
func parseMAC(s []byte) (flow.MAC, bool) {
	if v, next, ok := scanUint(s, 0); ok && next == len(s) && v < 1<<48 {
		return flow.MACFromUint64(v), true
	}
	var m flow.MAC
	if len(s) != 17 {
		return m, false
	}
	for i := range m {
		if i > 0 && s[i*3-1] != ':' && s[i*3-1] != '-' {
			return m, false
		}
		hi, lo := hexValue(s[i*3]), hexValue(s[i*3+1])
		if hi|lo > 15 {
			return m, false
		}
		m[i] = hi<<4 | lo
	}
	return m, true
}

func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return (c | 0x20) - 'a' + 10
	}
	return 0xff
}
