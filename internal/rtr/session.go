package rtr

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/flowpipeline/pipeline/internal/vrp"
)

// stall is how long a cache may take for its next PDU when one is due, or to take
// a query.
const stall = time.Minute

// session is a connection to a cache.
type session struct {
	conn    net.Conn
	in      *bufio.Reader
	raw     []byte // the latest PDU
	version uint8
	agreed  bool // the cache has answered in this version
}

func newSession(conn net.Conn, version uint8) *session {
	return &session{conn: conn, in: bufio.NewReaderSize(conn, 32<<10), version: version}
}

// snapshot is what a cache told, as of a serial.
type snapshot struct {
	set     vrp.Set
	version uint8
	session uint16
	serial  uint32
	times   intervals
}

// update asks for what has changed since a snapshot, or for all if it is nil.
// changed is false if nothing has.
func (s *session) update(since *snapshot) (now *snapshot, changed bool, err error) {
	if since != nil && since.version != s.version {
		since = nil // sessions are of a version
	}
	for {
		query := askAll(s.version)
		if since != nil {
			query = askChanges(s.version, since.session, since.serial)
		}
		if err := s.write(query); err != nil {
			return nil, false, err
		}
		p, err := s.answer()
		if err != nil {
			return nil, false, err
		}
		switch {
		case p.kind == cacheReset && since != nil:
			since = nil
		case p.kind != cacheResponse:
			return nil, false, reject(CorruptData, s.raw, "a PDU of type %d answers a query", p.kind)
		case since != nil && p.session != since.session:
			return nil, false, s.wrong(since.session, p.session)
		default:
			return s.receive(p.session, since)
		}
	}
}

// answer reads the beginning of what answers a query.
func (s *session) answer() (pdu, error) {
	for {
		p, err := s.read()
		if err != nil || p.kind != serialNotify {
			return p, err
		}
	}
}

// receive reads changes up to their end, and makes them.
func (s *session) receive(id uint16, since *snapshot) (*snapshot, bool, error) {
	var changes []vrp.Change
	for {
		p, err := s.read()
		if err != nil {
			return nil, false, err
		}
		switch p.kind {
		case ipv4Prefix, ipv6Prefix:
			if len(changes) == vrp.Max {
				return nil, false, reject(InternalError, nil, "there are more than %d prefixes", vrp.Max)
			}
			changes = append(changes, p.change)
		case routerKey, serialNotify:
			// The former are of no use here; of news the end will tell.
		case endOfData:
			if p.session != id {
				return nil, false, s.wrong(id, p.session)
			}
			now := &snapshot{version: s.version, session: id, serial: p.serial, times: p.times}
			changed, err := now.become(since, changes)
			return now, changed, err
		default:
			return nil, false, reject(CorruptData, s.raw, "a PDU of type %d stands among prefixes", p.kind)
		}
	}
}

// become fills in the set. changed is false if it is the one from before.
func (n *snapshot) become(since *snapshot, changes []vrp.Change) (changed bool, err error) {
	var base vrp.Set
	if since != nil {
		if base = since.set; len(changes) == 0 {
			n.set = base
			return false, nil
		}
	}
	n.set, err = base.Apply(changes)
	switch {
	case errors.Is(err, vrp.ErrDuplicate):
		err = reject(Duplicate, nil, "%v", err)
	case errors.Is(err, vrp.ErrUnknown):
		err = reject(UnknownWithdrawal, nil, "%v", err)
	}
	return true, err
}

// news waits until the cache tells that there is more than a snapshot holds.
// os.ErrDeadlineExceeded says that it did not.
func (s *session) news(have *snapshot, until time.Time) error {
	for {
		_ = s.conn.SetReadDeadline(until)
		if _, err := s.in.Peek(1); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			return half(0, err)
		}
		p, err := s.read()
		switch {
		case err != nil:
			return err
		case p.kind != serialNotify:
			return reject(CorruptData, s.raw, "a PDU of type %d comes unasked", p.kind)
		case p.session != have.session:
			return s.wrong(have.session, p.session)
		case p.serial != have.serial:
			return nil
		}
	}
}

// wrong is a mistake after which nothing that the cache told may be used (RFC 8210
// 5.1).
func (s *session) wrong(want, got uint16) error {
	e := reject(CorruptData, s.raw, "the session id is %d and not %d", got, want)
	e.flush = true
	return e
}

// read reads a PDU. What the cache reports is an error.
func (s *session) read() (pdu, error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(stall))
	head, err := s.in.Peek(headerLen)
	if err != nil {
		return pdu{}, half(len(head), err)
	}
	length := binary.BigEndian.Uint32(head[4:])
	if length < headerLen || length > maxPDU {
		return pdu{}, reject(CorruptData, head, "a PDU cannot be %d bytes long", length)
	}
	if cap(s.raw) < int(length) {
		s.raw = make([]byte, length)
	}
	s.raw = s.raw[:length]
	if n, err := io.ReadFull(s.in, s.raw); err != nil {
		return pdu{}, half(n, err)
	}
	p, err := parse(s.raw)
	if err != nil {
		return p, err
	}
	return p, s.check(&p)
}

// check settles the version (RFC 8210 7), and turns a report into an error.
func (s *session) check(p *pdu) error {
	switch {
	case p.kind == errorReport:
		return p.report
	case p.version == s.version:
		s.agreed = s.agreed || p.kind != serialNotify
	case !s.agreed && p.kind == serialNotify: // sent before the cache knew the version
	case !s.agreed && p.version < s.version:
		s.version, s.agreed = p.version, true
	default:
		return reject(UnexpectedVersion, s.raw, "the version changes from %d to %d", s.version, p.version)
	}
	return nil
}

// half tells when a cache stops in the middle of a PDU.
func half(n int, err error) error {
	switch {
	case err == io.EOF && n == 0:
		return errors.New("the cache has closed the connection")
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return fmt.Errorf("the connection ends after %d bytes of a PDU", n)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("nothing more came within %v after %d bytes of a PDU", stall, n)
	}
	return err
}

func (s *session) write(p []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(stall))
	_, err := s.conn.Write(p)
	return err
}

// end closes the session. A mistake of the cache it is told.
func (s *session) end(cause error) {
	var e *Error
	if errors.As(cause, &e) && !e.remote {
		_ = s.write(tell(s.version, e))
	}
	_ = s.conn.Close()
}
