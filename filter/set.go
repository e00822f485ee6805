package filter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"

	"github.com/flowpipeline/pipeline/flow"
)

// MaxSet bounds how many values a set holds, named or in an expression.
const MaxSet = 1 << 20

// Set is a set of values with a name, for "in @name". What it holds can be
// replaced while pipelines run: a batch sees the old values or the new ones. All
// methods may be called concurrently.
//
// Values are addresses and prefixes, numbers and ranges of them (80, 8000-8999,
// AS64500), MAC addresses, and texts. A test takes the values of its own kind;
// countries are texts of two letters.
type Set struct {
	name string
	now  atomic.Pointer[setValues]
}

// setValues is what a set holds at a time.
type setValues struct {
	numbers, macs, countries ranges
	addrs                    *addrSet
	texts                    map[string]bool
	size                     int
}

// NewSet makes a set. Its name is made of letters, digits, "_", "-" and ".".
func NewSet(name string, values ...string) (*Set, error) {
	if name == "" || strings.IndexFunc(name, func(r rune) bool { return !isWordRune(r) || strings.ContainsRune("/:@%*", r) }) >= 0 {
		return nil, fmt.Errorf("set %q: only letters, digits, dots, dashes and underscores make a name", name)
	}
	s := &Set{name: name}
	return s, s.Replace(values...)
}

// Name returns the set's name.
func (s *Set) Name() string { return s.name }

// Len returns how many values the set holds.
func (s *Set) Len() int { return s.load().size }

func (s *Set) load() *setValues { return s.now.Load() }

// Replace puts other values in place of all that the set holds. With an error the
// set stays as it was.
func (s *Set) Replace(values ...string) error {
	return s.replace(func(add func(string) error) error {
		for i, v := range values {
			if err := add(v); err != nil {
				return fmt.Errorf("value %d: %w", i+1, err)
			}
		}
		return nil
	})
}

// LoadFile replaces the values by those of a file: one a line, up to a comma or a
// "#", blank lines left out. With an error, which names the line, the set stays as
// it was.
func (s *Set) LoadFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("set @%s: %w", s.name, err)
	}
	defer f.Close()
	return s.Read(path, f)
}

// Read is LoadFile from a reader, which errors call by name.
func (s *Set) Read(name string, r io.Reader) error {
	return s.replace(func(add func(string) error) error {
		lines := bufio.NewScanner(r)
		n := 0
		for lines.Scan() {
			n++
			v := lines.Text()
			if at := strings.IndexAny(v, "#,"); at >= 0 {
				v = v[:at]
			}
			if v = strings.TrimSpace(v); v == "" {
				continue
			}
			if err := add(v); err != nil {
				return fmt.Errorf("%s:%d: %w", name, n, err)
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n+1, err)
		}
		return nil
	})
}

func (s *Set) replace(fill func(add func(string) error) error) error {
	v := &setValues{texts: map[string]bool{}}
	var numbers, macs, countries []span
	var spans []wideSpan
	err := fill(func(text string) error {
		if v.size == MaxSet {
			return fmt.Errorf("more than %d values", MaxSet)
		}
		v.size++
		text = unquote(text)
		v.texts[text] = true
		if c, ok := flow.ParseCountry(text); ok && text != "" {
			countries = append(countries, span{countryNumber(c), countryNumber(c)})
		}
		if m, err := flow.ParseMAC(text); err == nil {
			macs = append(macs, span{m.Uint64(), m.Uint64()})
			return nil
		}
		if looksLikeAddr(text) {
			more, err := parseAddrs(text)
			if err == nil {
				spans = append(spans, more...)
			} else if strings.Contains(text, "/") || errors.Is(err, errReversed) || isNumeric(text) {
				return err // it can have meant nothing else
			}
			return nil
		}
		if r, err := parseSpan(trimAS(text), counts); err == nil {
			numbers = append(numbers, r)
		} else if errors.Is(err, errReversed) || isNumeric(text) {
			return err
		}
		return nil
	})
	if err != nil {
		if s.load() == nil {
			s.now.Store(&setValues{addrs: &addrSet{}})
		}
		return fmt.Errorf("set @%s: %w", s.name, err)
	}
	v.numbers, v.macs, v.countries, v.addrs = newRanges(numbers), newRanges(macs), newRanges(countries), joinSpans(spans)
	s.now.Store(v)
	return nil
}

// isNumeric reports whether a text can only be meant as a number or an address.
func isNumeric(s string) bool { return s != "" && strings.Trim(s, "0123456789.") == "" }

func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

func (v *setValues) numbersFor(k flow.Kind) ranges {
	switch k {
	case flow.KindMAC:
		return v.macs
	case flow.KindCountry:
		return v.countries
	}
	return v.numbers
}

// looksLikeAddr reports whether a word can only be meant as an address.
func looksLikeAddr(s string) bool {
	return strings.Contains(s, ":") || strings.Count(s, ".") >= 3 || strings.Contains(s, "/")
}

// parseAddrs reads an address, a prefix, or a range of addresses.
func parseAddrs(s string) ([]wideSpan, error) {
	if from, to, ok := strings.Cut(s, "-"); ok {
		a, err := netip.ParseAddr(from)
		if err != nil {
			return nil, fmt.Errorf("%q is no address", from)
		}
		b, err := netip.ParseAddr(to)
		if err != nil {
			return nil, fmt.Errorf("%q is no address", to)
		}
		x, y := flow.AddrFrom(a), flow.AddrFrom(b)
		lo, hi := wideOf(&x), wideOf(&y)
		if a.Unmap().Is4() != b.Unmap().Is4() {
			return nil, fmt.Errorf("%s is a range from one family of addresses to the other", s)
		}
		if hi.less(lo) {
			return nil, fmt.Errorf("%w: %s", errReversed, s)
		}
		return appendSpan(nil, wideSpan{lo, hi}), nil
	}
	p, err := parsePrefix(s)
	if err != nil {
		return nil, err
	}
	return appendPrefix(nil, p), nil
}

// parsePrefix reads an address or a prefix. The bits behind the prefix do not
// count.
func parsePrefix(s string) (netip.Prefix, error) {
	addr, bits, isPrefix := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address", addr)
	}
	if ip.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q has a zone, which flows do not tell", addr)
	}
	mapped := ip.Is4In6()
	ip = ip.Unmap()
	if !isPrefix {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	n, err := parsePlain(bits)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no prefix length", bits)
	}
	if mapped && n >= 96 {
		n -= 96
	}
	if n > uint64(ip.BitLen()) {
		return netip.Prefix{}, fmt.Errorf("a prefix length of %d is more than the %d bits of %s", n, ip.BitLen(), ip)
	}
	return netip.PrefixFrom(ip, int(n)), nil
}
