package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokWord
	tokString
	tokOp
)

// token is a piece of an expression. The text of a string is what stands between
// its quotes, escapes undone.
type token struct {
	kind tokenKind
	text string
	at   place
}

// String writes the token as an expression has it.
func (t token) String() string {
	if t.kind == tokString {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.text) + `"`
	}
	return t.text
}

// operators, the longer ones first.
var operators = []string{"==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "=", "<", ">", "!", "(", ")", "[", "]", ",", "&", "|"}

// lex cuts an expression into tokens, the last of which is its end.
func lex(expr string) ([]token, *Error) {
	var toks []token
	for i := 0; ; {
		i = skipSpace(expr, i)
		if i == len(expr) {
			return append(toks, token{tokEnd, "", place{i, i}}), nil
		}
		switch expr[i] {
		case '"', '\'':
			t, err := lexString(expr, i)
			if err != nil {
				return nil, err
			}
			toks = append(toks, t)
		default:
			t := lexWord(expr, i)
			if t.text == "" {
				t = lexOperator(expr, i)
			}
			if t.text == "" {
				r, n := utf8.DecodeRuneInString(expr[i:])
				return nil, newError(expr, place{i, i + n}, "", "unexpected character %q", r)
			}
			toks = append(toks, t)
		}
		i = toks[len(toks)-1].at.to
	}
}

// skipSpace skips white space, and comments from "#" or "//" to the end of the
// line.
func skipSpace(expr string, i int) int {
	for i < len(expr) {
		switch c := expr[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '#' || strings.HasPrefix(expr[i:], "//"):
			end := strings.IndexByte(expr[i:], '\n')
			if end < 0 {
				return len(expr)
			}
			i += end
		default:
			return i
		}
	}
	return i
}

func lexString(expr string, i int) (token, *Error) {
	quote := expr[i]
	var sb strings.Builder
	for j := i + 1; j < len(expr); j++ {
		c := expr[j]
		if c == '\\' && j+1 < len(expr) && strings.IndexByte(`\"'`, expr[j+1]) >= 0 {
			j++
			sb.WriteByte(expr[j])
			continue
		}
		if c == quote {
			return token{tokString, sb.String(), place{i, j + 1}}, nil
		}
		sb.WriteByte(c)
	}
	return token{}, newError(expr, place{i, i + 1}, "", "the string does not end")
}

// isWordRune reports whether a character can stand in a word: names, numbers,
// addresses, prefixes, ranges, flags, communities.
func isWordRune(r rune) bool {
	return r == '_' || r == '.' || r == ':' || r == '/' || r == '-' || r == '%' || r == '*' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func lexWord(expr string, i int) token {
	j := i
	for j < len(expr) && !strings.HasPrefix(expr[j:], "//") {
		r, n := utf8.DecodeRuneInString(expr[j:])
		if r == utf8.RuneError || !isWordRune(r) {
			break
		}
		j += n
	}
	return token{tokWord, expr[i:j], place{i, j}}
}

func lexOperator(expr string, i int) token {
	for _, op := range operators {
		if strings.HasPrefix(expr[i:], op) {
			return token{tokOp, op, place{i, i + len(op)}}
		}
	}
	return token{}
}
