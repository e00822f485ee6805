package sflow

import "github.com/flowpipeline/pipeline/flow"

// Formats of records of the standard's own enterprise 0.
const (
	recordRaw          = 1
	recordEthernet     = 2
	recordIPv4         = 3
	recordIPv6         = 4
	recordSwitch       = 1001
	recordRouter       = 1002
	recordGateway      = 1003
	recordUser         = 1004
	recordMPLS         = 1006
	recordNAT          = 1007
	recordVLANTunnel   = 1012
	recordNATPort      = 1020
	recordIPv4Egress   = 1023
	recordIPv4Ingress  = 1024
	recordIPv6Egress   = 1025
	recordIPv6Ingress  = 1026
	recordDecapEgress  = 1027
	recordDecapIngress = 1028
	recordVNIEgress    = 1029
	recordVNIIngress   = 1030
	recordTCPInfo      = 2209
)

// found is what of a sample's records has to wait for the others, since records
// come in any order. It holds the datagram's bytes.
type found struct {
	raw  []byte
	vlan []byte // extended switch
	rare *rare  // nil for none of it
}

// rare is what few samples have.
type rare struct {
	ethernet, ipv4, ipv6 []byte
	tunnelVLANs          []byte // TPID and TCI of stripped tags, outermost first
	tunnel               []byte // outer header of a tunnel, as in an IPv4 or IPv6 record
	labels               []byte // MPLS label stack
	mplsNextHop          flow.Addr
	vni                  uint32
	innerAt              uint32 // where in raw the inner header begins
	hasVNI               bool
}

// more returns where to put what few samples have.
func (d *Decoder) more(f *found) *rare {
	if f.rare == nil {
		d.rare = rare{}
		f.rare = &d.rare
	}
	return f.rare
}

// records reads count records, which were held against the bytes that are there,
// and writes what they tell.
func (d *Decoder) records(b *flow.Batch, fl *flow.Flow, p []byte, count uint32) {
	var f found
	for ; count > 0; count-- {
		if len(p) < 8 {
			d.refuse(TruncatedRecord)
			break
		}
		format, size := u32(p), u32(p[4:])
		if uint64(size) > uint64(len(p)-8) {
			d.refuse(TruncatedRecord)
			break
		}
		d.record(b, fl, &f, format, p[8:8+size])
		p = p[min(8+padded(size), len(p)):]
	}
	d.writePacket(b, fl, &f)
}

// record reads one record.
func (d *Decoder) record(b *flow.Batch, fl *flow.Flow, f *found, format uint32, p []byte) {
	ok := true
	switch format {
	case recordRaw:
		ok = keep(&f.raw, p, 16) && uint64(u32(p[12:])) <= uint64(len(p)-16)
		if !ok {
			f.raw = nil
		}
	case recordEthernet:
		ok = keep(&d.more(f).ethernet, p, 20)
	case recordIPv4:
		ok = keep(&d.more(f).ipv4, p, sampledIPv4Len)
	case recordIPv6:
		ok = keep(&d.more(f).ipv6, p, sampledIPv6Len)
	case recordSwitch:
		ok = keep(&f.vlan, p, 16)
	case recordRouter:
		ok = router(fl, p)
	case recordGateway:
		ok = d.gateway(b, fl, p)
	case recordUser:
		ok = user(b, fl, p)
	case recordMPLS:
		ok = d.more(f).mpls(p)
	case recordNAT:
		ok = nat(b, fl, p)
	case recordNATPort:
		ok = natPort(b, fl, p)
	case recordVLANTunnel:
		r := reader{rest: p}
		d.more(f).tunnelVLANs = r.list()
		ok = !r.short
	case recordIPv4Egress, recordIPv4Ingress:
		ok = keep(&d.more(f).tunnel, p[:min(len(p), sampledIPv4Len)], sampledIPv4Len)
	case recordIPv6Egress, recordIPv6Ingress:
		ok = keep(&d.more(f).tunnel, p, sampledIPv6Len)
	case recordDecapEgress, recordDecapIngress:
		if ok = len(p) >= 4; ok {
			d.more(f).innerAt = u32(p)
		}
	case recordVNIEgress, recordVNIIngress:
		if ok = len(p) >= 4; ok {
			m := d.more(f)
			m.vni, m.hasVNI = u32(p), true
		}
	case recordTCPInfo:
		ok = tcpInfo(b, fl, p)
	default:
		d.refuse(IgnoredRecord)
	}
	if !ok {
		d.refuse(BadRecord)
	}
}

// keep keeps a record of at least n bytes.
func keep(to *[]byte, p []byte, n int) bool {
	if len(p) < n {
		return false
	}
	*to = p
	return true
}
