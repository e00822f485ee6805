package flow

// Columns appends the columns that are in use, in ascending order: the
// schema's, in its order, and then the extensions. A column is in use once a
// stage set it for any flow of the batch. Sinks call it once for a batch, so
// that they ask each flow only for what may be there.
func (b *Batch) Columns(dst []Field) []Field {
	for i := range b.live.all() {
		dst = append(dst, firstColumn+Field(i))
	}
	return dst
}
