package netflow

// block is how many records are decoded field by field at once: so many flows as
// stay in the fastest cache.
const block = 32

// records says where the records of a block lie in data.
type records struct {
	data []byte
	n    int
	rest int // where the record behind them begins
	// By part and record: where the part begins, and where the value of variable
	// length behind it does and ends.
	starts, from, to []uint32
}

// lay finds the records at the head of data, a block at most. They are whole.
func (r *records) lay(t *template, data []byte) {
	r.data = data
	if need := block * len(t.parts); len(r.starts) < need {
		r.starts, r.from, r.to = make([]uint32, need), make([]uint32, need), make([]uint32, need)
	}
	if !t.variable {
		r.n = min(len(data)/t.size, block)
		r.rest = r.n * t.size
		for i := range r.starts[:r.n] {
			r.starts[i] = uint32(i * t.size)
		}
		return
	}
	r.n, r.rest = 0, 0
	for r.n < block && r.rest < len(data) {
		at := r.rest
		for i, size := range t.parts {
			k := i*block + r.n
			r.starts[k] = uint32(at)
			if at += size; i < len(t.parts)-1 {
				from, to, _ := width(data[at:])
				r.from[k], r.to[k] = uint32(at+from), uint32(at+to)
				at += to
			}
		}
		r.rest = at
		r.n++
	}
}

// cut leaves the first n records.
func (r *records) cut(n int) {
	if n < r.n {
		r.n, r.rest = n, int(r.starts[n])
	}
}

// offsets returns where a part of each record begins.
func (r *records) offsets(part int) []uint32 { return r.starts[part*block:][:r.n] }

// value returns a field of one record.
func (r *records) value(in *instr, record int) []byte {
	k := int(in.part)*block + record
	if in.behind {
		return r.data[r.from[k]:r.to[k]]
	}
	return r.data[r.starts[k]+uint32(in.src):][:in.size]
}
