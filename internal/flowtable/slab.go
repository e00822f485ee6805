package flowtable

// ref names an element of a slab; 0 is none.
type ref uint32

const (
	chunkBits  = 10
	chunkSize  = 1 << chunkBits
	maxRecords = 1 << 28
)

// slab holds elements that never move, in chunks, and uses freed ones again.
// Elements hold no pointers, so the garbage collector looks at the chunks alone.
type slab[T any] struct {
	chunks []*[chunkSize]T
	used   ref // elements ever handed out, with the unused element 0
	spare  []ref
}

func (s *slab[T]) at(r ref) *T { return &s.chunks[r>>chunkBits][r&(chunkSize-1)] }

// take returns an element with what its last user left in it.
func (s *slab[T]) take() ref {
	if n := len(s.spare); n > 0 {
		r := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return r
	}
	if s.used++; int(s.used>>chunkBits) >= len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkSize]T))
	}
	return s.used
}

func (s *slab[T]) free(r ref) { s.spare = append(s.spare, r) }
