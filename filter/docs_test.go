package filter_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/filter"
)

// docPages are the pages about the language, and the head of the column of their
// tables that holds expressions; "" is the first one.
var docPages = []struct{ path, column string }{
	{"../docs/filter.md", ""},
	{"../docs/filter-coming-from.md", "here"},
}

// docBlock is a fenced block of a page.
type docBlock struct {
	language, text string
	line           int
}

// docPage is what a page shows: expressions of tables by "path:line", and blocks.
type docPage struct {
	cells  []docCell
	blocks []docBlock
}

type docCell struct{ where, expr string }

var inlineCode = regexp.MustCompile("`([^`]+)`")

// readDoc cuts a page into blocks and table cells.
func readDoc(t *testing.T, path, column string) (page docPage) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var block *docBlock
	rows, at := 0, 0 // rows of the present table, its column of expressions
	for i, line := range strings.Split(string(text), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && block == nil:
			block = &docBlock{language: fence, line: i + 1}
		case isFence:
			page.blocks = append(page.blocks, *block)
			block = nil
		case block != nil:
			block.text += line + "\n"
		case strings.HasPrefix(line, "|"):
			cells := tableCells(line)
			if rows++; rows == 1 {
				at = 0
				if column != "" {
					at = slices.Index(cells, column)
				}
			}
			if rows <= 2 || at < 0 { // the head, and the line under it
				continue
			}
			require.Less(t, at, len(cells), "%s:%d: too few columns", path, i+1)
			for _, code := range inlineCode.FindAllStringSubmatch(cells[at], -1) {
				page.cells = append(page.cells, docCell{fmt.Sprintf("%s:%d", path, i+1), code[1]})
			}
		default:
			rows = 0
		}
	}
	require.Nil(t, block, "%s: a block does not end", path)
	return page
}

// tableCells returns the cells of a row of a table, in which \| is a |.
func tableCells(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, bar)
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), bar, "|")
	}
	return cells
}

// docSets are the named sets that the pages speak of.
func docSets(t *testing.T) filter.Option {
	t.Helper()
	var sets []*filter.Set
	for _, name := range []string{"customers", "eu", "peers", "staff", "uplinks", "web"} {
		s, err := filter.NewSet(name, "192.0.2.0/24", "80", "AS64500", "DE", "alice")
		require.NoError(t, err)
		sets = append(sets, s)
	}
	return filter.With(sets...)
}

// TestDocsCompile compiles every expression that the pages about the language
// show, and compares the errors that they show.
func TestDocsCompile(t *testing.T) {
	sets := docSets(t)
	compiled := 0
	var used []string
	compile := func(where, expr string) {
		_, err := filter.Parse(expr, sets)
		assert.NoError(t, err, "%s: %s", where, expr)
		compiled++
		used = append(used, docWord.FindAllString(expr, -1)...)
	}
	var grammar string
	for _, d := range docPages {
		page := readDoc(t, d.path, d.column)
		require.NotEmpty(t, page.cells, d.path)
		for _, c := range page.cells {
			compile(c.where, c.expr)
		}
		for _, b := range page.blocks {
			where := fmt.Sprintf("%s:%d", d.path, b.line)
			switch b.language {
			case "flow":
				for line := range strings.Lines(b.text) {
					if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
						compile(where, line)
					}
				}
			case "flow-error":
				expr, want, _ := strings.Cut(strings.TrimSuffix(b.text, "\n"), "\n")
				_, err := filter.Parse(expr, sets)
				assert.EqualError(t, err, want, where)
			case "ebnf":
				grammar += b.text
			case "go", "sh": // see TestDocsShowTheExamples
			default:
				t.Errorf("%s: a block of %q, which nothing checks", where, b.language)
			}
		}
	}
	require.GreaterOrEqual(t, compiled, 150)
	t.Logf("%d expressions", compiled)

	// Each word of the grammar is shown in an expression.
	require.NotEmpty(t, grammar)
	for _, w := range grammarWord.FindAllStringSubmatch(grammar, -1) {
		assert.True(t, slices.Contains(used, w[1]), "no expression shows %q, a word of the grammar", w[1])
	}
}

var (
	docWord     = regexp.MustCompile(`[A-Za-z0-9_-]+`)
	grammarWord = regexp.MustCompile(`"([a-z][a-z0-9-]*)"`)
)

// TestDocsShowTheExamples compares the Go code of the pages with
// example_test.go, where it is compiled and run.
func TestDocsShowTheExamples(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	examples := withoutTabs(string(source))
	found := 0
	for _, d := range docPages {
		for _, b := range readDoc(t, d.path, d.column).blocks {
			if b.language != "go" {
				continue
			}
			found++
			assert.True(t, strings.Contains(examples, "\n"+withoutTabs(b.text)), "%s:%d: not in example_test.go", d.path, b.line)
		}
	}
	require.Positive(t, found)
}

// withoutTabs takes the tabs off the beginning of each line.
func withoutTabs(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimLeft(l, "\t")
	}
	return strings.Join(lines, "\n")
}
