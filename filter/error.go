package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a mistake in an expression.
type Error struct {
	Expr    string // the whole expression
	Offset  int    // byte where the mistake begins
	Length  int    // bytes that it takes, 0 at the end of the expression
	Line    int    // from 1
	Column  int    // in characters, from 1
	Message string // what is wrong
	Hint    string // what was perhaps meant, "" if there is no telling
}

// place is where something stands in an expression.
type place struct{ from, to int }

// maxMessage bounds a message, in characters: it may quote a word of any length.
const maxMessage = 300

func newError(expr string, at place, hint, format string, args ...any) *Error {
	message := strings.Map(shown, fmt.Sprintf(format, args...))
	if runes := []rune(message); len(runes) > maxMessage {
		message = string(runes[:maxMessage]) + "…"
	}
	e := &Error{Expr: expr, Offset: at.from, Length: at.to - at.from, Message: message, Hint: hint}
	e.Line, e.Column = position(expr, at.from)
	return e
}

// position returns the line and the column of a byte.
func position(expr string, offset int) (line, column int) {
	before := expr[:offset]
	line = strings.Count(before, "\n") + 1
	column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return line, column
}

// Error implements error: the place and the mistake, then the line with a mark
// under the place.
func (e *Error) Error() string {
	text := fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text + "\n" + mark(e.Expr, place{e.Offset, e.Offset + e.Length})
}

// shown is a character as it may be shown: nothing that steers a terminal.
func shown(r rune) rune {
	switch {
	case r == '\t' || unicode.IsPrint(r):
		return max(r, ' ')
	case r == '\n':
		return ' '
	}
	return utf8.RuneError
}

// most characters of a line that are shown, and of them before the mistake.
const shownLine, shownBefore = 100, 60

// mark shows the line of a place, and a mark under it.
func mark(expr string, at place) string {
	from := strings.LastIndexByte(expr[:at.from], '\n') + 1
	to := len(expr)
	if end := strings.IndexByte(expr[at.from:], '\n'); end >= 0 {
		to = at.from + end
	}
	line := []rune(expr[from:to])
	column := utf8.RuneCountInString(expr[from:at.from])
	width := utf8.RuneCountInString(expr[at.from:max(at.from, min(at.to, to))])
	if cut := column - shownBefore; cut > 0 {
		line, column = append([]rune("…"), line[cut+1:]...), column-cut
	}
	if len(line) > shownLine {
		line = append(line[:shownLine:shownLine], '…')
	}
	for i, r := range line {
		line[i] = shown(r)
	}
	width = max(1, min(width, len(line)-column))
	return "    " + string(line) + "\n    " + strings.Repeat(" ", column) + strings.Repeat("^", width)
}

// suggest returns the word that is nearest to one that is unknown, as a question,
// and "" when none is near. Of equally near ones it is that with the longest
// common beginning.
func suggest(word string, known []string) string {
	word = strings.ToLower(word)
	most := min(len(word)/3+1, 3)
	best, least, same := "", most+1, 0
	for _, k := range known {
		d, n := distance(word, k, most), commonPrefix(word, k)
		if d < least || d == least && n > same {
			best, least, same = k, d, n
		}
	}
	if least > most || least == 0 {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// distance is the number of characters to insert, remove, change or swap, as far
// as it is not above most.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most || len(a) > 40 || len(b) > 40 {
		return most + 1
	}
	var rows [3][42]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, last, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
