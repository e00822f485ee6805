package flowtable

// link is a record's place in a list.
type link struct{ prev, next ref }

// list is a doubly linked list through the records, the oldest at its head.
type list struct {
	head, tail ref
}

func (l *list) push(s *slab[record], r ref, place func(*record) *link) {
	k := place(s.at(r))
	k.prev, k.next = l.tail, 0
	if l.tail == 0 {
		l.head = r
	} else {
		place(s.at(l.tail)).next = r
	}
	l.tail = r
}

func (l *list) remove(s *slab[record], r ref, place func(*record) *link) {
	k := place(s.at(r))
	if k.prev == 0 {
		l.head = k.next
	} else {
		place(s.at(k.prev)).next = k.next
	}
	if k.next == 0 {
		l.tail = k.prev
	} else {
		place(s.at(k.next)).prev = k.prev
	}
}

func byActivity(r *record) *link { return &r.activity }
func byAge(r *record) *link      { return &r.age }
