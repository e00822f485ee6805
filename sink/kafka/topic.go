package kafka

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/codec"
)

const (
	maxTopicName = 249
	// maxTopics bounds the topics that fields give names to.
	maxTopics = 4096
	// absent stands for a field that the flow lacks.
	absent = "none"
	// emptyRow is how CSV has a row of one empty field.
	emptyRow = `""`
)

// topicName makes the name of a flow's topic: texts, with the values of fields in
// between. It belongs to one goroutine at a time.
type topicName struct {
	texts  []string
	fields []*codec.CSVEncoder // one less than texts
	buf    []byte
	latest string
	known  map[string]string
}

// parseTopic reads a name in which {field} stands for a field's value.
func parseTopic(s string) (*topicName, error) {
	t := &topicName{known: map[string]string{}}
	for rest := s; ; {
		text, more, found := strings.Cut(rest, "{")
		if i := strings.IndexFunc(text, func(r rune) bool { return r > 127 || !legal(byte(r)) }); i >= 0 {
			return nil, fmt.Errorf("topic %q: %q is not of a-z, A-Z, 0-9, dot, underscore and hyphen", s, text[i:])
		}
		t.texts = append(t.texts, text)
		if !found {
			break
		}
		name, behind, closed := strings.Cut(more, "}")
		if !closed || name == "" {
			return nil, fmt.Errorf("topic %q: a field stands between { and }", s)
		}
		t.fields = append(t.fields, codec.NewCSVEncoder(name))
		rest = behind
	}
	switch {
	case s == "" || s == "." || s == "..":
		return nil, fmt.Errorf("topic %q has no name", s)
	case len(t.fields) == 0 && len(s) > maxTopicName:
		return nil, fmt.Errorf("topic %q is longer than %d bytes", s, maxTopicName)
	case len(t.fields) == 0:
		t.latest = s
	}
	return t, nil
}

func legal(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

// Bind implements pipeline.Binder.
func (t *topicName) Bind(l *flow.Layout) error {
	var errs []error
	for _, f := range t.fields {
		errs = append(errs, f.Bind(l))
	}
	return errors.Join(errs...)
}

var (
	errManyTopics = fmt.Errorf("its fields name more than %d topics", maxTopics)
	errLongTopic  = fmt.Errorf("its fields name a topic of more than %d bytes", maxTopicName)
)

// of returns the topic of a flow. What no topic may be called by is an underscore.
func (t *topicName) of(b *flow.Batch, fl *flow.Flow) (string, error) {
	if len(t.fields) == 0 {
		return t.latest, nil
	}
	name := append(t.buf[:0], t.texts[0]...)
	for i, f := range t.fields {
		from := len(name)
		name = f.AppendFlow(name, b, fl)
		name = name[:len(name)-1] // the line feed
		if string(name[from:]) == emptyRow {
			name = append(name[:from], absent...)
		}
		for k := from; k < len(name); k++ {
			if !legal(name[k]) {
				name[k] = '_'
			}
		}
		name = append(name, t.texts[i+1]...)
	}
	t.buf = name
	if string(name) == t.latest {
		return t.latest, nil
	}
	known, ok := t.known[string(name)]
	switch {
	case ok:
	case len(name) > maxTopicName:
		return "", errLongTopic
	case len(t.known) == maxTopics:
		return "", errManyTopics
	default:
		known = string(name)
		t.known[known] = known
	}
	t.latest = known
	return known, nil
}
