//go:build linux

package process

// recent remembers what was asked for recently: at least so many, at most twice.
type recent[K comparable, V any] struct {
	most      int
	last, now map[K]V
}

func newRecent[K comparable, V any](most int) recent[K, V] {
	return recent[K, V]{most: most, now: map[K]V{}}
}

// of returns what is remembered, and else remembers what find returns.
func (r *recent[K, V]) of(k K, find func(K) V) V {
	v, ok := r.now[k]
	if ok {
		return v
	}
	if v, ok = r.last[k]; !ok {
		v = find(k)
	}
	if len(r.now) >= r.most {
		r.last, r.now = r.now, map[K]V{}
	}
	r.now[k] = v
	return v
}
