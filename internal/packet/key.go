package packet

import (
	"encoding/binary"
	"math/bits"

	"github.com/flowpipeline/pipeline/flow"
)

// Key is what the packets of a flow have in common. Keys compare with ==.
type Key struct {
	Src, Dst        flow.Addr
	Ports           uint32 // source << 16 | destination, or ICMP type << 8 | code
	IfIndex         uint32
	VLAN, InnerVLAN uint16
	Proto, TOS      uint8
	Has             KeyHas
}

// KeyHas tells a 0 in a Key from nothing.
type KeyHas uint16

// Parts of a key.
const (
	KeyPorts KeyHas = 1 << iota
	KeyICMP
	KeyVLAN
	KeyInnerVLAN
	KeyIngress // the packets came in at IfIndex
	KeyEgress  // the packets went out at IfIndex
	KeyIPv6    // the packets are of IPv6, whatever the form of the addresses
)

// Key returns the packet's key.
func (p *Packet) Key() Key {
	k := Key{Src: p.Src, Dst: p.Dst, IfIndex: p.IfIndex, Proto: p.Proto, TOS: p.TOS, Has: p.Direction}
	if p.Has&HasPorts != 0 {
		k.Ports = uint32(p.SrcPort)<<16 | uint32(p.DstPort)
		k.Has |= KeyPorts
	} else if p.Has&HasICMP != 0 {
		k.Ports = uint32(p.ICMPType)<<8 | uint32(p.ICMPCode)
		k.Has |= KeyICMP
	}
	if p.EtherType == flow.EtherTypeIPv6 {
		k.Has |= KeyIPv6
	}
	if p.Tags > 0 {
		k.VLAN = p.VLAN
		k.Has |= KeyVLAN
		if p.Tags > 1 {
			k.InnerVLAN = p.InnerVLAN
			k.Has |= KeyInnerVLAN
		}
	}
	return k
}

// Hash mixes the key with a seed. Whoever does not know the seed cannot make
// keys that collide.
func (k *Key) Hash(seed uint64) uint64 {
	const c1, c2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	rest := uint64(k.Ports)<<32 | uint64(k.IfIndex)
	tail := uint64(k.VLAN)<<48 | uint64(k.InnerVLAN)<<32 | uint64(k.Proto)<<24 | uint64(k.TOS)<<16 | uint64(k.Has)
	a := mix(le64(k.Src[:8])^seed, le64(k.Src[8:])^c1)
	b := mix(le64(k.Dst[:8])^seed^c2, le64(k.Dst[8:])^c1)
	return mix(mix(rest^a, tail^c1^seed)^b, c2^seed)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func le64(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }
