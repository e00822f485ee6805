package codec

import (
	"unicode/utf8"
	"unsafe"

	"github.com/flowpipeline/pipeline/flow"
)

// appendUint appends v in decimal.
func appendUint(dst []byte, v uint64) []byte {
	dst, p := behind(dst)
	return dst[:len(dst)+putUint(p, 0, v)]
}

// appendInt appends v in decimal.
func appendInt(dst []byte, v int64) []byte {
	dst, p := behind(dst)
	return dst[:len(dst)+putInt(p, 0, v)]
}

// appendAddr appends an address that is present.
func appendAddr(dst []byte, a flow.Addr) []byte {
	dst, p := behind(dst)
	return dst[:len(dst)+putAddr(p, 0, &a)]
}

// appendMAC appends an address that is present.
func appendMAC(dst []byte, m flow.MAC) []byte {
	dst, p := behind(dst)
	return dst[:len(dst)+putMAC(p, 0, m)]
}

const hexDigits = "0123456789abcdef"

// plain holds the bytes that need no escape in a JSON string.
var plain = [256]bool{
	' ': true, '!': true, '#': true, '$': true, '%': true, '&': true, '\'': true, '(': true, ')': true, '*': true, '+': true, ',': true, '-': true, '.': true, '/': true,
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true, ':': true, ';': true, '<': true, '=': true, '>': true, '?': true, '@': true,
	'A': true, 'B': true, 'C': true, 'D': true, 'E': true, 'F': true, 'G': true, 'H': true, 'I': true, 'J': true, 'K': true, 'L': true, 'M': true,
	'N': true, 'O': true, 'P': true, 'Q': true, 'R': true, 'S': true, 'T': true, 'U': true, 'V': true, 'W': true, 'X': true, 'Y': true, 'Z': true,
	'[': true, ']': true, '^': true, '_': true, '`': true,
	'a': true, 'b': true, 'c': true, 'd': true, 'e': true, 'f': true, 'g': true, 'h': true, 'i': true, 'j': true, 'k': true, 'l': true, 'm': true,
	'n': true, 'o': true, 'p': true, 'q': true, 'r': true, 's': true, 't': true, 'u': true, 'v': true, 'w': true, 'x': true, 'y': true, 'z': true,
	'{': true, '|': true, '}': true, '~': true,
}

// appendJSONString appends s in quotes. What is not UTF-8 becomes U+FFFD.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// appendUTF8 appends s. What is not UTF-8 becomes U+FFFD.
func appendUTF8(dst, s []byte) []byte {
	if utf8.Valid(s) {
		return append(dst, s...)
	}
	for _, r := range text(s) {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// text views bytes as a string for the time of a call.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
