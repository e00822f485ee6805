package flow

import (
	"iter"
	"time"
	"unsafe"
)

// MaxBatch is the most flows that one batch can hold.
const MaxBatch = 1 << 16

// Batch is a set of flows that travels through a pipeline together: contiguous
// Flow structs, the selection of those that are still in (ascending indices),
// columns beside them, an arena for texts and lists, the pipeline's clock, and
// the completion that tells the source what became of it.
//
// A batch is yours until your method returns. To read it later, Retain it. To
// finish it later, Hold it. Only transforms write; sinks, which come last on a
// path, read.
//
// A batch is not safe for concurrent use, but views retained from it may be
// read while it is still being worked on.
type Batch struct {
	flows []Flow   // the full capacity
	n     int      // rows in use
	rows  []uint16 // the selection
	own   []uint16 // storage of the selection of a batch being filled

	cols    []vectorer // by Field - firstColumn; may hold vectors out of use
	live    liveSet    // which of them are in use
	layout  *Layout
	symbols *Symbols

	bytes []byte
	words []uint32
	addrs []Addr

	now      int64
	deadline time.Time
	done     *completion
	held     bool   // Hold was called
	holds    *Holds // that Hold notes what it opens in; nil for none
	onFail   func(*Batch, error) error
	hooked   bool // Retain was called since onFail was set
	owner    *Owner
}

// Len returns how many flows are selected.
func (b *Batch) Len() int { return len(b.rows) }

// Cap returns how many flows fit in the batch.
func (b *Batch) Cap() int { return len(b.flows) }

// Full reports whether Next would return nil.
func (b *Batch) Full() bool { return b.n == len(b.flows) }

// Next adds a flow, zeroed and selected, and returns it; nil when the batch is
// full. It is for sources and for Tick: a batch that is already on its way must
// not grow.
func (b *Batch) Next() *Flow {
	if b.n == len(b.flows) {
		return nil
	}
	fl := &b.flows[b.n]
	*fl = Flow{}
	b.rows = append(b.rows, uint16(b.n))
	b.n++
	return fl
}

// Extend adds n flows, or as many as fit, each selected and a copy of like
// without its columns, and returns them. It is for sources that begin all flows
// of a set with the same values.
func (b *Batch) Extend(like *Flow, n int) []Flow {
	from := b.n
	b.n += min(max(n, 0), len(b.flows)-from)
	added := b.flows[from:b.n:b.n]
	for i := range added {
		added[i] = *like
		b.rows = append(b.rows, uint16(from+i))
	}
	return added
}

// Undo takes back the latest Next, with the columns set for it. It is for a
// source that finds out half way that a record is broken.
func (b *Batch) Undo() {
	b.n--
	b.rows = b.rows[:len(b.rows)-1]
	for f := range b.live.all() {
		b.cols[f].clear(b.n)
	}
}

// Append adds a copy of a flow of src, columns and all, and returns it; nil
// when the batch is full. Both batches must share one Symbols table and Layout.
func (b *Batch) Append(src *Batch, fl *Flow) *Flow {
	to := b.Next()
	if to == nil {
		return nil
	}
	*to = *fl
	i := src.Index(fl)
	for c := range src.live.all() {
		src.cols[c].copyRow(b, firstColumn+Field(c), b.n-1, src, i)
	}
	return to
}

// All iterates over the selected flows.
func (b *Batch) All() iter.Seq[*Flow] {
	return func(yield func(*Flow) bool) {
		for _, i := range b.rows {
			if !yield(&b.flows[i]) {
				return
			}
		}
	}
}

// Raw returns all flows and the indices of the selected ones, ascending, for
// loops without a call per flow. Flows that are not selected belong to somebody
// else: leave them alone.
func (b *Batch) Raw() ([]Flow, []uint16) { return b.flows[:b.n], b.rows }

// Index returns the row of a flow of this batch.
func (b *Batch) Index(fl *Flow) int {
	// The flows are contiguous, so the distance from the first is the index. A
	// flow of another batch gives an index out of range, which the caller's
	// slices catch.
	return int((uintptr(unsafe.Pointer(fl)) - uintptr(unsafe.Pointer(unsafe.SliceData(b.flows)))) / unsafe.Sizeof(Flow{}))
}

// Keep drops the flows for which keep returns false from the selection.
func (b *Batch) Keep(keep func(*Flow) bool) {
	kept := b.rows[:0]
	for _, i := range b.rows {
		if keep(&b.flows[i]) {
			kept = append(kept, i)
		}
	}
	b.rows = kept
}

// SetRows replaces the selection. The rows must be ascending and, for a stage,
// among those that Raw returned; the batch keeps the slice.
func (b *Batch) SetRows(rows []uint16) { b.rows = rows }

// MergeRows appends the rows of two ascending selections that have none in
// common to out, ascending. out must not use the memory of either.
func MergeRows(a, b, out []uint16) []uint16 {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// Within runs fn with the selection narrowed to rows, and restores it.
func (b *Batch) Within(rows []uint16, fn func() error) error {
	saved := b.rows
	b.rows = rows
	defer func() { b.rows = saved }()
	return fn()
}

// Now returns the pipeline's time in nanoseconds since the epoch: the wall clock
// read once for the batch, or event time in a replay.
func (b *Batch) Now() int64 { return b.now }

// Deadline returns when a source must return even if it has no flow.
func (b *Batch) Deadline() time.Time { return b.deadline }

// Symbols returns the table that the batch's symbols belong to.
func (b *Batch) Symbols() *Symbols { return b.symbols }

// Layout returns the fields that the batch can hold beyond the schema.
func (b *Batch) Layout() *Layout { return b.layout }

func (b *Batch) kind(f Field) Kind {
	if info := b.layout.Info(f); info != nil {
		return info.Kind
	}
	return 0
}

// AppendText copies a text into the batch's arena.
func (b *Batch) AppendText(s string) Text {
	off := len(b.bytes)
	b.bytes = append(b.bytes, s...)
	return Text{uint32(off), uint32(len(s))}
}

// Bytes returns the text that t stands for. The slice is the batch's.
func (b *Batch) Bytes(t Text) []byte { return b.text(t) }

func (b *Batch) text(t Text) []byte {
	return b.bytes[t.off : t.off+t.len : t.off+t.len]
}

func (b *Batch) appendList(v []uint32) List {
	off := len(b.words)
	b.words = append(b.words, v...)
	return List{uint32(off), uint32(len(v))}
}

func (b *Batch) list(l List) []uint32 {
	return b.words[l.off : l.off+l.len : l.off+l.len]
}

func (b *Batch) appendAddrs(v []Addr) AddrList {
	off := len(b.addrs)
	b.addrs = append(b.addrs, v...)
	return AddrList{uint32(off), uint32(len(v))}
}

func (b *Batch) addrList(l AddrList) []Addr {
	return b.addrs[l.off : l.off+l.len : l.off+l.len]
}
