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
	recordDecapEgress  = 1027
	recordDecapIngress = 1028
	recordVNIEgress    = 1029
	recordVNIIngress   = 1030
	recordTCPInfo      = 2209
)

// found is what of a sample's records has to wait for the others, since records
// come in any order. It holds the datagram's bytes.
type found struct {
	raw, ethernet, ipv4, ipv6 []byte
	vlan                      []byte // extended switch
	tunnelVLANs               []byte // TPID and TCI of stripped tags, outermost first
	labels                    []byte // MPLS label stack
	mplsNextHop               flow.Addr
	vni                       uint32
	innerAt                   uint32 // where in raw the inner header begins
	hasVNI                    bool
}

// records reads count records, which were held against the bytes that are there,
// and writes what they tell.
func (d *Decoder) records(b *flow.Batch, fl *flow.Flow, p []byte, count uint32) {
	d.found = found{}
	for ; count > 0; count-- {
		if len(p) < 8 {
			d.counts.Refused[TruncatedRecord]++
			break
		}
		format, size := u32(p), u32(p[4:])
		if uint64(size) > uint64(len(p)-8) {
			d.counts.Refused[TruncatedRecord]++
			break
		}
		d.record(b, fl, format, p[8:8+size])
		p = p[min(8+padded(size), len(p)):]
	}
	d.writePacket(b, fl)
}

// record reads one record.
func (d *Decoder) record(b *flow.Batch, fl *flow.Flow, format uint32, p []byte) {
	ok := true
	f := &d.found
	switch format {
	case recordRaw:
		ok = keep(&f.raw, p, 16) && uint64(u32(p[12:])) <= uint64(len(p)-16)
		if !ok {
			f.raw = nil
		}
	case recordEthernet:
		ok = keep(&f.ethernet, p, 20)
	case recordIPv4:
		ok = keep(&f.ipv4, p, 32)
	case recordIPv6:
		ok = keep(&f.ipv6, p, 56)
	case recordSwitch:
		ok = keep(&f.vlan, p, 16)
	case recordRouter:
		ok = router(fl, p)
	case recordGateway:
		ok = d.gateway(b, fl, p)
	case recordUser:
		ok = user(b, fl, p)
	case recordMPLS:
		ok = f.mpls(p)
	case recordNAT:
		ok = nat(b, fl, p)
	case recordNATPort:
		ok = natPort(b, fl, p)
	case recordVLANTunnel:
		r := reader{rest: p}
		f.tunnelVLANs = r.list()
		ok = !r.short
	case recordDecapEgress, recordDecapIngress:
		if ok = len(p) >= 4; ok {
			f.innerAt = u32(p)
		}
	case recordVNIEgress, recordVNIIngress:
		if ok = len(p) >= 4; ok {
			f.vni, f.hasVNI = u32(p), true
		}
	case recordTCPInfo:
		ok = tcpInfo(b, fl, p)
	default:
		d.counts.Refused[IgnoredRecord]++
	}
	if !ok {
		d.counts.Refused[BadRecord]++
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
