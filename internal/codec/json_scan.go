package codec

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of values that are skipped.
const maxDepth = 64

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// space returns the first index from i on that is no white space.
func space(p []byte, i int) int {
	for i < len(p) && isSpace(p[i]) {
		i++
	}
	return i
}

// scanString returns the content of the string that begins behind the quote at
// p[i-1], and the index behind the closing quote. With no escape in it the
// content is a part of p, else it lies in scratch.
func (d *JSONDecoder) scanString(p []byte, i int) (s []byte, next int, err error) {
	from := i
	for i < len(p) {
		switch c := p[i]; {
		case c == '"':
			return p[from:i], i + 1, nil
		case c == '\\':
			return d.unescape(p, from, i)
		case c < ' ':
			return nil, i, ErrSyntax
		}
		i++
	}
	return nil, i, ErrTruncated
}

// unescape is scanString from the first backslash on, at p[i].
func (d *JSONDecoder) unescape(p []byte, from, i int) (s []byte, next int, err error) {
	out := append(d.scratch[:0], p[from:i]...)
	defer func() { d.scratch = out }()
	for i < len(p) {
		c := p[i]
		switch {
		case c == '"':
			return out, i + 1, nil
		case c < ' ':
			return nil, i, ErrSyntax
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		if i++; i == len(p) {
			break
		}
		switch p[i] {
		case '"', '\\', '/':
			out = append(out, p[i])
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := hex4(p, i+1)
			if !ok {
				return nil, i, ErrSyntax
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if i+2 < len(p) && p[i+1] == '\\' && p[i+2] == 'u' {
					low, ok = hex4(p, i+3)
				}
				r = utf16.DecodeRune(r, low) // U+FFFD where they are no pair
				if ok && r != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			return nil, i, ErrSyntax
		}
		i++
	}
	return nil, i, ErrTruncated
}

func hex4(p []byte, i int) (r rune, ok bool) {
	if i+4 > len(p) {
		return 0, false
	}
	for _, c := range p[i : i+4] {
		r <<= 4
		switch {
		case '0' <= c && c <= '9':
			r |= rune(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r |= rune((c|0x20)-'a') + 10
		default:
			return 0, false
		}
	}
	return r, true
}

// skipValue returns the index behind the value at p[i].
func (d *JSONDecoder) skipValue(p []byte, i, depth int) (int, error) {
	if i >= len(p) {
		return i, ErrTruncated
	}
	switch c := p[i]; c {
	case '"':
		_, i, err := d.scanString(p, i+1)
		return i, err
	case '{', '[':
		return d.skipNested(p, i, depth)
	case 't':
		return literal(p, i, "true")
	case 'f':
		return literal(p, i, "false")
	case 'n':
		return literal(p, i, "null")
	}
	_, i, err := scanNumber(p, i)
	return i, err
}

func (d *JSONDecoder) skipNested(p []byte, i, depth int) (next int, err error) {
	if depth == maxDepth {
		return i, ErrDepth
	}
	end := p[i] + 2 // in ASCII the closing bracket is two behind the opening one
	if i = space(p, i+1); i < len(p) && p[i] == end {
		return i + 1, nil
	}
	for {
		if end == '}' {
			if i >= len(p) || p[i] != '"' {
				return i, syntaxAt(p, i)
			}
			if _, i, err = d.scanString(p, i+1); err != nil {
				return i, err
			}
			if i = space(p, i); i >= len(p) || p[i] != ':' {
				return i, syntaxAt(p, i)
			}
			i = space(p, i+1)
		}
		if i, err = d.skipValue(p, i, depth+1); err != nil {
			return i, err
		}
		i = space(p, i)
		switch {
		case i < len(p) && p[i] == end:
			return i + 1, nil
		case i >= len(p) || p[i] != ',':
			return i, syntaxAt(p, i)
		}
		i = space(p, i+1)
	}
}

// syntaxAt is the error of something unexpected at p[i].
func syntaxAt(p []byte, i int) error {
	if i >= len(p) {
		return ErrTruncated
	}
	return ErrSyntax
}

func literal(p []byte, i int, word string) (int, error) {
	if len(p)-i < len(word) {
		return i, ErrTruncated
	}
	if string(p[i:i+len(word)]) != word {
		return i, ErrSyntax
	}
	return i + len(word), nil
}

// scanNumber returns the text of the number at p[i] (RFC 8259 6) and the index
// behind it.
func scanNumber(p []byte, i int) (num []byte, next int, err error) {
	from := i
	if i < len(p) && p[i] == '-' {
		i++
	}
	digits := func() bool {
		start := i
		for i < len(p) && '0' <= p[i] && p[i] <= '9' {
			i++
		}
		return i > start
	}
	switch {
	case i < len(p) && p[i] == '0':
		i++
	case !digits():
		return nil, i, syntaxAt(p, i)
	}
	if i < len(p) && p[i] == '.' {
		i++
		if !digits() {
			return nil, i, syntaxAt(p, i)
		}
	}
	if i < len(p) && p[i]|0x20 == 'e' {
		i++
		if i < len(p) && (p[i] == '+' || p[i] == '-') {
			i++
		}
		if !digits() {
			return nil, i, syntaxAt(p, i)
		}
	}
	return p[from:i], i, nil
}
