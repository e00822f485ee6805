package codec

import "github.com/flowpipeline/pipeline/flow"

// extensionRun is the run behind the last field of the schema.
const extensionRun = len(runEnds)

// The sets of runs and of folded fields have 32 bits; a table that outgrows
// them does not compile.
const (
	_ = uint(31 - extensionRun)
	_ = uint(32 - len(foldedFields))
)

// columns are the columns of one batch that are in use, cut into the runs that
// stand between the fields of the struct in the schema's order.
type columns struct {
	live  []flow.Field
	runs  [extensionRun + 1][]column
	mask  uint32 // the runs that are not empty
	cache map[flow.Field]column
}

// column is what an encoder needs to know of a column.
type column struct {
	field flow.Field
	kind  flow.Kind
	num   int // protobuf number
	name  string
	key   string // `,"name":`
}

// begin prepares for the flows of b.
func (c *columns) begin(b *flow.Batch) {
	for i := range c.runs {
		c.runs[i] = c.runs[i][:0]
	}
	c.mask = 0
	c.live = b.Columns(c.live[:0])
	run := 0
	for _, f := range c.live {
		for run < len(runEnds) && f > runEnds[run] {
			run++
		}
		c.runs[run] = append(c.runs[run], c.describe(b, f))
		c.mask |= 1 << run
	}
}

// describe looks a column up, once: an encoder serves batches of one layout.
func (c *columns) describe(b *flow.Batch, f flow.Field) column {
	if col, ok := c.cache[f]; ok {
		return col
	}
	info := b.Layout().Info(f)
	col := column{field: f, kind: info.Kind, num: info.Proto, name: info.Name, key: `,"` + info.Name + `":`}
	if c.cache == nil {
		c.cache = make(map[flow.Field]column)
	}
	c.cache[f] = col
	return col
}

func (c *columns) has(run int) bool { return c.mask&(1<<run) != 0 }

// columnText reads a text, from wherever it lies. The bytes are the batch's.
func columnText(b *flow.Batch, fl *flow.Flow, f flow.Field) ([]byte, bool) {
	vals, has := flow.Column[flow.Text](b, f)
	if i := b.Index(fl); has != nil && has[i] {
		return b.Bytes(vals[i]), true
	}
	return nil, false
}

// columnCountry reads a country from a column, which only an extension has.
func columnCountry(b *flow.Batch, fl *flow.Flow, f flow.Field) (flow.Country, bool) {
	vals, has := flow.Column[flow.Country](b, f)
	if i := b.Index(fl); has != nil && has[i] {
		return vals[i], true
	}
	return flow.Country{}, false
}
