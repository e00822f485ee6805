package capture

// The magic numbers of pcap, as they read in the writer's byte order.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Linux, with the ifIndex in each record
)

const pcapFileHeader = 24

// pcapState is what the file header tells about every record.
type pcapState struct {
	byteOrder
	tick     int64 // nanoseconds in a unit of the fraction
	header   int   // size of a record's header
	minor    uint16
	linkType uint16
}

func (r *Reader) beginPcap(rec *Record) error {
	head, err := r.need(pcapFileHeader, "file header")
	if err != nil {
		return err
	}
	s := pcapState{tick: 1000, header: 16}
	if !s.magic(head) {
		return malformed(0, "% x is not the start of a pcap or pcapng capture", head[:4])
	}
	major := s.u16(head[4:])
	if major != 2 {
		return malformed(4, "version %d of pcap is unknown", major)
	}
	s.minor = s.u16(head[6:])
	// The upper half of the field holds flags and the length of a checksum.
	s.linkType = uint16(s.u32(head[20:]))
	r.win.discard(pcapFileHeader)
	r.pcap = s
	r.interfaces = append(r.interfaces, Interface{LinkType: s.linkType})
	r.next = (*Reader).nextPcap
	return r.next(r, rec)
}

// magic takes byte order and variant from the first bytes of the file.
func (s *pcapState) magic(head []byte) bool {
	for _, s.big = range []bool{false, true} {
		switch s.u32(head) {
		case magicMicro:
			return true
		case magicNano:
			s.tick = 1
			return true
		case magicModified:
			s.header = 24
			return true
		}
	}
	return false
}

func (r *Reader) nextPcap(rec *Record) error {
	s := &r.pcap
	head, err := r.need(s.header, "record header")
	if err != nil {
		return err
	}
	captured, wire := s.u32(head[8:]), s.u32(head[12:])
	if s.minor <= 3 && captured > wire {
		// Before version 2.4 some writers had the two the other way round.
		captured, wire = wire, captured
	}
	if captured > MaxRecord {
		return malformed(r.win.offset(), "captured length %d is over the bound of %d", captured, MaxRecord)
	}
	*rec = Record{
		Time:     int64(s.u32(head))*1e9 + int64(s.u32(head[4:]))*s.tick,
		WireLen:  int(max(wire, captured)),
		LinkType: s.linkType,
		Offset:   r.win.offset(),
	}
	if s.header > 16 {
		rec.InterfaceIndex = s.u32(head[16:])
	}
	size := s.header + int(captured)
	p, err := r.need(size, "packet")
	if err != nil {
		return err
	}
	rec.Data = p[s.header:size:size]
	r.win.discard(size)
	return nil
}
