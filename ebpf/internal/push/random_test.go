package push_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/packetflow"
)

// Values that keys and expressions share.
var (
	somePorts = []uint64{0, 1, 53, 80, 81, 443, 1024, 2048, 2049, 32768, 65534, 65535}
	someBytes = []uint64{0, 1, 2, 3, 4, 6, 8, 17, 47, 58, 127, 128, 184, 254, 255}
	someVLANs = []uint64{0, 1, 10, 100, 4095}
	someIfs   = []uint64{0, 1, 2, 3, 65536, 1<<31 - 1, 1 << 31, 1<<32 - 1}
	someTypes = []string{"0x0800", "0x86dd", "0x0806", "ipv4", "ipv6"}
	someAddrs = []string{
		"192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.255.255.255", "11.0.0.0", "192.0.2.7", "0.0.0.0", "255.255.255.255", "127.255.255.255", "128.0.0.0",
		"::", "::1", "::fffe:ffff:ffff", "::1:0:0:0", "2001:db8::", "2001:db8::1", "2001:db8::8000:0:0:1", "2001:db8:0:1::1", "2001:db9::1", "fe80::1", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	}
	somePrefixes = []string{
		"10.0.0.0/8", "10.0.0.0/24", "10.0.0.0/31", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "192.0.2.0/25",
		"::/0", "::/1", "8000::/1", "::/64", "::/96", "2001:db8::/31", "2001:db8::/32", "2001:db8::/47", "2001:db8::/64", "2001:db8::/65", "2001:db8::/127",
	}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomKey makes a key as the parser could.
func randomKey(r *rand.Rand) packet.Key {
	k := packet.Key{Proto: uint8(pick(r, someBytes)), TOS: uint8(pick(r, someBytes)), IfIndex: uint32(pick(r, someIfs))}
	for i := 0; i == 0 || k.Src.Is4() != k.Dst.Is4(); i++ {
		k.Src, k.Dst = flow.MustParseAddr(pick(r, someAddrs)), flow.MustParseAddr(pick(r, someAddrs))
	}
	switch r.IntN(4) {
	case 0:
	case 1:
		k.Has, k.Ports = packet.KeyICMP, uint32(pick(r, someBytes)<<8|pick(r, someBytes))
		k.Proto = pick(r, []uint8{1, 58})
	default:
		k.Has, k.Ports = packet.KeyPorts, uint32(pick(r, somePorts)<<16|pick(r, somePorts))
		k.Proto = pick(r, []uint8{6, 17})
	}
	if r.IntN(2) == 0 {
		k.Has, k.VLAN = k.Has|packet.KeyVLAN, uint16(pick(r, someVLANs))
		if r.IntN(2) == 0 {
			k.Has, k.InnerVLAN = k.Has|packet.KeyInnerVLAN, uint16(pick(r, someVLANs))
		}
	}
	k.Has |= pick(r, []packet.KeyHas{0, packet.KeyIngress, packet.KeyEgress})
	if !k.Src.Is4() || r.IntN(8) == 0 {
		k.Has |= packet.KeyIPv6
	}
	return k
}

// etherType is what a packet of the key was announced by.
func etherType(k *packet.Key) uint16 {
	if k.Has&packet.KeyIPv6 != 0 {
		return flow.EtherTypeIPv6
	}
	return flow.EtherTypeIPv4
}

// flows makes a flow of each key, with counts and flags besides.
func flows(tb testing.TB, r *rand.Rand, keys []packet.Key) *flow.Batch {
	tb.Helper()
	b := flow.NewOwner(flow.OwnerConfig{Size: len(keys)}).Begin(0, time.Time{})
	for i := range keys {
		fl := b.Next()
		packetflow.Key(b, fl, &keys[i])
		fl.SetEtherType(etherType(&keys[i]))
		fl.SetBytes(pick(r, someBytes))
		fl.SetTCPFlags(uint16(r.IntN(32)))
	}
	return b
}

// numbers writes a set of numbers.
func numbers(r *rand.Rand, pool []uint64) string {
	switch r.IntN(6) {
	case 0:
		return fmt.Sprint(pick(r, []string{"<", "<=", ">", ">=", "!="}), pick(r, pool))
	case 1:
		x, y := pick(r, pool), pick(r, pool)
		return fmt.Sprint(min(x, y), "-", max(x, y))
	case 2, 3:
		var list []string
		for range 1 + r.IntN(6) {
			list = append(list, fmt.Sprint(pick(r, pool)))
		}
		return pick(r, []string{"in", "not in"}) + " [" + strings.Join(list, " ") + "]"
	}
	return fmt.Sprint(pick(r, pool))
}

func addresses(r *rand.Rand) string {
	item := func() string {
		switch r.IntN(5) {
		case 0:
			return pick(r, somePrefixes)
		case 1:
			x, y := flow.MustParseAddr(pick(r, someAddrs)), flow.MustParseAddr(pick(r, someAddrs))
			if x.Is4() == y.Is4() && !x.IsZero() && !y.IsZero() && x.Netip().Compare(y.Netip()) <= 0 {
				return x.String() + "-" + y.String()
			}
		}
		return pick(r, someAddrs)
	}
	if r.IntN(2) == 0 {
		return item()
	}
	var list []string
	for range 1 + r.IntN(8) {
		list = append(list, item())
	}
	return pick(r, []string{"in", "not in"}) + " [" + strings.Join(list, " ") + "]"
}

func side(r *rand.Rand) string {
	return pick(r, []string{"", "src ", "dst ", "src or dst ", "src and dst "})
}

// terms write a term each. What a key does not tell is among them.
var terms = []func(r *rand.Rand) string{
	func(r *rand.Rand) string { return side(r) + "port " + numbers(r, somePorts) },
	func(r *rand.Rand) string { return side(r) + "address " + addresses(r) },
	func(r *rand.Rand) string {
		from := r.IntN(4)
		return side(r) + pick(r, []string{fmt.Sprintf("address 192.0.2.%d-192.0.2.%d", from, from+r.IntN(4)), fmt.Sprintf("address 10.0.0.%d-10.0.1.%d", from, r.IntN(4))})
	},
	func(r *rand.Rand) string { return "proto " + numbers(r, someBytes) },
	func(r *rand.Rand) string { return "tos " + numbers(r, someBytes) },
	func(r *rand.Rand) string { return "dscp " + numbers(r, []uint64{0, 1, 46, 63}) },
	func(r *rand.Rand) string { return "ecn " + numbers(r, []uint64{0, 1, 2, 3}) },
	func(r *rand.Rand) string { return "etype " + pick(r, someTypes) },
	func(r *rand.Rand) string {
		return strings.Replace(side(r)+"vlan "+numbers(r, someVLANs), "not in", "in", 1)
	},
	func(r *rand.Rand) string { return "inner_vlan " + numbers(r, someVLANs) },
	func(r *rand.Rand) string {
		return pick(r, []string{"icmp", "icmp6"}) + pick(r, []string{" type ", " code "}) + numbers(r, someBytes)
	},
	func(r *rand.Rand) string {
		return pick(r, []string{"icmp_type ", "icmp_code "}) + numbers(r, someBytes)
	},
	func(r *rand.Rand) string {
		return pick(r, []string{"incoming", "outgoing", "vlan", "tcp", "udp", "ip", "ip6"})
	},
	func(r *rand.Rand) string {
		return pick(r, []string{"in ", "out ", ""}) + "iface " + numbers(r, someIfs)
	},
	func(r *rand.Rand) string {
		return "has " + pick(r, []flow.Field{
			flow.FieldSrcPort, flow.FieldDstPort, flow.FieldICMPType, flow.FieldICMPCode, flow.FieldVLAN, flow.FieldInnerVLAN, flow.FieldSrcVLAN, flow.FieldDirection,
			flow.FieldInIf, flow.FieldOutIf, flow.FieldProto, flow.FieldTOS, flow.FieldSrcAddr, flow.FieldDstAddr, flow.FieldEtherType, flow.FieldBytes,
		}).String()
	},
	func(r *rand.Rand) string { return "bytes " + numbers(r, someBytes) },
	func(r *rand.Rand) string { return "flags syn" },
	func(r *rand.Rand) string { return "src port = dst_port" },
	func(r *rand.Rand) string { return "port in @web" },
}

func expression(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return pick(r, terms)(r)
	}
	var list []string
	for range 1 + r.IntN(4) {
		text := "(" + expression(r, depth-1) + ")"
		if r.IntN(4) == 0 {
			text = "not " + text
		}
		list = append(list, text)
	}
	return strings.Join(list, pick(r, []string{" and ", " or "}))
}

// web is a set that can change.
func web(tb testing.TB) filter.Option {
	tb.Helper()
	s, err := filter.NewSet("web", "80", "443")
	if err != nil {
		tb.Fatal(err)
	}
	return filter.With(s)
}
