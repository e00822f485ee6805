package netflow

// Identifiers of sets, and lengths of headers.
const (
	setHeader   = 4
	headerV9    = 20
	headerIPFIX = 16

	setTemplateV9 = 0
	setOptionsV9  = 1
	setTemplate   = 2
	setOptions    = 3
)

// message is a datagram, or a message of a stream, that is being filled.
type message struct {
	version uint16
	domain  uint32
	limit   int    // of bytes
	buf     []byte // twice the limit, so that a record that is too long is seen
	n       int    // bytes in use
	set     int    // where the open set begins; 0 for none
	setID   uint16
	dense   bool // records of the set are so short that padding would be read as some

	count     int // records of all kinds
	data      int // data records, options data included
	flows     int
	templates int
	sequence  uint32 // of the next message
}

func newMessage(version uint16, domain uint32, limit int) *message {
	if version == v9 {
		limit &^= 3 // sets are padded
	}
	m := &message{version: version, domain: domain, limit: limit, buf: make([]byte, 2*limit)}
	m.reset()
	return m
}

// header returns the length of the header.
func (m *message) header() int {
	if m.version == v9 {
		return headerV9
	}
	return headerIPFIX
}

// reset begins a message.
func (m *message) reset() {
	m.n, m.set, m.setID = m.header(), 0, 0
	m.count, m.data, m.flows, m.templates = 0, 0, 0, 0
}

// open begins a set, unless it is the one that is open, and returns where a
// record of it would be written.
func (m *message) open(id uint16, dense bool) []byte {
	if m.set == 0 || m.setID != id {
		m.close()
		m.set, m.setID, m.dense = m.n, id, dense
		m.n += setHeader
	}
	return m.buf[m.n:]
}

// room reports whether a record of a set fits.
func (m *message) room(id uint16, size int) bool {
	if m.set == 0 || m.setID != id {
		size += setHeader + 3 // the open set may have to be padded
	}
	return m.n+size <= m.limit
}

// fits reports whether a record fits in an empty message.
func (m *message) fits(size int) bool { return m.header()+setHeader+size <= m.limit }

// close ends the open set.
func (m *message) close() {
	if m.set == 0 {
		return
	}
	if m.n == m.set+setHeader { // nothing came of it
		m.n, m.set = m.set, 0
		return
	}
	if m.version == v9 && !m.dense {
		for m.n%4 != 0 {
			m.buf[m.n] = 0
			m.n++
		}
	}
	be.PutUint16(m.buf[m.set:], m.setID)
	be.PutUint16(m.buf[m.set+2:], uint16(m.n-m.set))
	m.set = 0
}

// bytes ends the message and returns it; nil if it has no record.
func (m *message) bytes(c *clock) []byte {
	m.close()
	if m.count == 0 {
		return nil
	}
	p := m.buf[:m.n]
	be.PutUint16(p, m.version)
	if m.version == v9 {
		be.PutUint16(p[2:], uint16(m.count))
		be.PutUint32(p[4:], c.headerUptime())
		be.PutUint32(p[8:], c.seconds())
		be.PutUint32(p[12:], m.sequence)
		be.PutUint32(p[16:], m.domain)
	} else {
		be.PutUint16(p[2:], uint16(m.n))
		be.PutUint32(p[4:], c.seconds())
		be.PutUint32(p[8:], m.sequence)
		be.PutUint32(p[12:], m.domain)
	}
	return p
}

// sent moves the sequence number: it counts messages in NetFlow v9, and data
// records in IPFIX.
func (m *message) sent() {
	if m.version == v9 {
		m.sequence++
	} else {
		m.sequence += uint32(m.data)
	}
	m.reset()
}
