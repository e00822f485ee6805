"""Writes crafted.pcap: packets of every kind that a header parser meets.

Usage: crafted.py FILE. Needs scapy. The result is the same every time: times
count from a fixed start, 10 ms apart.
"""
import sys

from scapy.all import (
    GRE, ICMP, IP, SCTP, TCP, UDP, ARP, Dot1AD, Dot1Q, Ether, IPOption_RR, IPv6,
    IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrSegmentRouting,
    ICMPv6EchoRequest, LLC, PPP, PPPoE, Raw, STP, raw, wrpcap,
)
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS
from scapy.layers.vxlan import VXLAN

MACS = dict(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b")
eth = lambda **k: Ether(**MACS, **k)
v4 = lambda **k: IP(src="192.0.2.10", dst="192.0.2.20", id=1, **k)
v6 = lambda **k: IPv6(src="2001:db8::10", dst="2001:db8::20", **k)
inner_eth = lambda: Ether(src="02:00:00:00:01:0a", dst="02:00:00:00:01:0b")
inner4 = lambda: IP(src="198.51.100.1", dst="198.51.100.2", id=2)
inner6 = lambda: IPv6(src="2001:db8:1::1", dst="2001:db8:1::2")
data = lambda n: Raw(bytes(n))


def udp(port, n=20):
    return UDP(sport=10000 + port, dport=port) / data(n)


cases = [
    # One flow each; the destination port tells the case.
    eth() / v4(options=[IPOption_RR(length=11, pointer=4, routers=["0.0.0.0", "0.0.0.0"])]) / udp(1001),
    eth() / Dot1Q(vlan=100, prio=5) / v4() / udp(1002),
    eth() / Dot1AD(vlan=200, prio=3) / Dot1Q(vlan=300) / v4() / udp(1003),
    eth() / MPLS(label=16001, ttl=63, s=0) / MPLS(label=24005, ttl=62, s=1) / v4() / udp(1004),
    eth(type=0x8864) / PPPoE(sessionid=7) / PPP(proto=0x0021) / v4() / udp(1005),
    eth() / v6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / udp(1006),
    eth() / v6(fl=0x12345, tc=0xB8, hlim=33) / udp(1007),
    eth() / v4(tos=0x2E, ttl=7) / TCP(sport=11008, dport=1008, flags="FPA", seq=1) / data(10),
    eth() / v4() / TCP(sport=11009, dport=1009, flags=0x1C2, seq=1),
    eth() / v4(proto=132) / SCTP(sport=11010, dport=1010) / data(16),
    eth() / v4() / UDP(sport=11011, dport=4789) / VXLAN(vni=5001, flags=8) / inner_eth() / inner4() / TCP(sport=21011, dport=2011, flags="S"),
    eth() / v4() / UDP(sport=11012, dport=6081) / GENEVE(vni=5002, proto=0x6558) / inner_eth() / inner6() / UDP(sport=21012, dport=2012) / data(8),
    eth() / v4() / GRE(key_present=1, key=77, proto=0x0800) / inner4() / UDP(sport=21013, dport=2013) / data(8),
    eth() / v4() / GRE(proto=0x6558) / inner_eth() / inner4() / ICMP(type=8, code=0, id=1, seq=1),
    eth() / v4(proto=4) / inner4() / UDP(sport=21015, dport=2015) / data(8),
    eth() / v4(proto=41) / inner6() / TCP(sport=21016, dport=2016, flags="SA"),
    eth() / v6() / IPv6ExtHdrSegmentRouting(addresses=["2001:db8:f::1", "2001:db8:f::2"], segleft=1, lastentry=1, tag=9) / udp(1017),
    # Fragments: first, middle and last, of a datagram of 3 kB; then one whose
    # first was never seen.
    eth() / v4(flags="MF", frag=0, proto=17) / data(0) / Raw(raw(UDP(sport=11018, dport=1018, len=3008, chksum=0)) + bytes(1472)),
    eth() / v4(flags="MF", frag=185, proto=17) / data(1480),
    eth() / v4(frag=370, proto=17) / data(48),
    eth() / IP(src="192.0.2.11", dst="192.0.2.20", id=99, frag=10, proto=17) / data(64),
    eth() / v6() / IPv6ExtHdrFragment(nh=17, offset=0, m=1, id=0xABCDE) / Raw(raw(UDP(sport=11019, dport=1019, len=1488, chksum=1)) + bytes(1440)),
    eth() / v6() / IPv6ExtHdrFragment(nh=17, offset=181, m=0, id=0xABCDE) / data(40),
    eth() / v6() / ICMPv6EchoRequest(id=1, seq=1),
    eth() / v4() / ICMP(type=3, code=1) / data(28),
    # Padding to the least frame: 46 bytes of payload, of which 29 are IP.
    eth() / v4() / UDP(sport=11020, dport=1020) / data(1) / data(0),
    # Refused.
    eth(type=0x0806) / ARP(psrc="192.0.2.10", pdst="192.0.2.20"),
    Ether(src=MACS["src"], dst="01:80:c2:00:00:0e", type=0x88CC) / data(46),
    Ether(src=MACS["src"], dst="01:80:c2:00:00:00", type=38) / LLC() / STP(),
    eth(type=0x0800) / Raw(b"\x65" + bytes(40)),
    eth(type=0x0800) / Raw(b"\x44" + bytes(1) + b"\x00\x20" + bytes(40)),
]

START = 1700000000.0
out = []
for i, pkt in enumerate(cases):
    frame = raw(pkt)
    if pkt is cases[25]:
        frame += bytes(60 - len(frame))
    p = Raw(frame)
    p.time = START + i / 100
    out.append(p)
wrpcap(sys.argv[1], out, linktype=1)
