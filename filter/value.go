package filter

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// unitClass says which units a number may have.
type unitClass uint8

const (
	counts unitClass = iota // k M G T ×1000, Ki Mi Gi Ti ×1024, then B, bps, pps
	times                   // ns us ms s m h d; s if none
)

var errReversed = errors.New("a range goes from the smaller to the greater value")

// parseSpan reads a number or a range of two.
func parseSpan(s string, u unitClass) (span, error) {
	from, to, ok := cutRange(s)
	if ok && (from == "" || to == "") {
		return span{}, fmt.Errorf("the range %q has one end", s)
	}
	lo, _, err := parseNumber(from, u)
	if err != nil {
		return span{}, err
	}
	if !ok {
		to = from
	}
	hi, width, err := parseNumber(to, u)
	if err != nil {
		return span{}, err
	}
	if hi < lo {
		return span{}, fmt.Errorf("%w: %s", errReversed, s)
	}
	if u == times { // the whole of the last second, or what the unit is
		hi = saturate(hi, width-1)
	}
	return span{lo, hi}, nil
}

func saturate(v, more uint64) uint64 {
	if v > math.MaxUint64-more {
		return math.MaxUint64
	}
	return v + more
}

// cutRange cuts "a-b" or "a..b".
func cutRange(s string) (from, to string, ok bool) {
	if from, to, ok = strings.Cut(s, ".."); ok {
		return from, to, true
	}
	return strings.Cut(s, "-")
}

// parsePlain reads a number without a unit: decimal, or hexadecimal, octal or
// binary with their prefix.
func parsePlain(s string) (uint64, error) {
	if len(s) > 1 && s[0] == '0' && '0' <= s[1] && s[1] <= '9' {
		trimmed := strings.TrimLeft(s[:len(s)-1], "0") + s[len(s)-1:]
		return 0, fmt.Errorf("%s begins with 0: write %s, or 0o%s for an octal number", s, trimmed, trimmed)
	}
	if strings.ContainsAny(s, "_+-") {
		return 0, fmt.Errorf("%q is no number", s)
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is more than 64 bits hold", s)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return v, nil
}

// parseNumber reads a number with its unit. width is what the unit stands for, 1
// for none; times are in nanoseconds.
func parseNumber(s string, u unitClass) (v, width uint64, err error) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
		end++
	}
	digits, unit := s[:end], s[end:]
	if digits == "0" && unit != "" && strings.ContainsAny(unit[:1], "xXbBoO") && len(unit) > 1 {
		digits, unit = s, "" // a prefix, not a unit
	}
	width, ok := unitOf(unit, u)
	if !ok || digits == "" {
		if digits == "" {
			return 0, 0, fmt.Errorf("%q is no number", s)
		}
		return 0, 0, fmt.Errorf("%q is no unit of %s", unit, digits)
	}
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	if v, err = parsePlain(whole); err != nil {
		return 0, 0, err
	}
	hi, v := bits.Mul64(v, width)
	if hi != 0 {
		return 0, 0, fmt.Errorf("%s is more than 64 bits hold", s)
	}
	if hasFraction {
		part, err := fractionOf(fraction, width)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", s, err)
		}
		v = saturate(v, part)
		width = 1
	}
	return v, width, nil
}

// fractionOf returns 0.digits × of.
func fractionOf(digits string, of uint64) (uint64, error) {
	if digits == "" || len(digits) > 9 {
		return 0, errors.New("a fraction has one to nine digits")
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q are no digits", digits)
	}
	ten := uint64(math.Pow10(len(digits)))
	hi, lo := bits.Mul64(n, of)
	q, r := bits.Div64(hi, lo, ten)
	if r != 0 {
		return 0, errors.New("not a whole number")
	}
	return q, nil
}

// unitOf returns what a unit stands for.
func unitOf(unit string, u unitClass) (uint64, bool) {
	if u == times {
		switch unit {
		case "", "s":
			return 1e9, true
		case "ms":
			return 1e6, true
		case "us", "µs", "μs":
			return 1e3, true
		case "ns":
			return 1, true
		case "m", "min":
			return 60e9, true
		case "h":
			return 3600e9, true
		case "d":
			return 86400e9, true
		}
		return 0, false
	}
	rest := strings.ToLower(unit)
	factor := uint64(1)
	if rest != "" {
		if power := strings.IndexByte("kmgtp", rest[0]) + 1; power > 0 && rest != "pps" {
			base := uint64(1000)
			if rest = rest[1:]; strings.HasPrefix(rest, "i") {
				base, rest = 1024, rest[1:]
			}
			for range power {
				factor *= base
			}
		}
	}
	switch rest {
	case "", "b", "bit", "bps", "bit/s", "pps", "p/s":
		return factor, true
	}
	return 0, false
}

// trimAS takes the AS off the number of an autonomous system.
func trimAS(s string) string {
	if len(s) > 2 && strings.EqualFold(s[:2], "as") && s[2] >= '0' && s[2] <= '9' {
		return s[2:]
	}
	return s
}
