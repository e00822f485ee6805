"""Writes the packets of conversations between networks of different origin ASes.

Usage: routes.py FILE. Needs scapy. The result is the same every time.
"""
import sys

from scapy.all import IP, TCP, UDP, Ether, IPv6, Raw, wrpcap

SERVER4, SERVER6 = "192.0.2.80", "2001:db8::80"
CLIENTS = [  # address, port of the server, packets from it; see routes.sh for the networks
    ("198.51.100.7", 443, 9), ("198.51.100.200", 443, 14), ("203.0.113.7", 53, 1), ("203.0.113.66", 443, 22),
    ("203.0.113.200", 443, 6), ("2001:db8:100::7", 443, 11), ("198.51.100.9", 53, 1), ("203.0.113.9", 443, 8),
]

packets = []
clock = 1_750_000_000.0


def send(layer3, payload):
    global clock
    clock += 0.01
    packet = Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b") / layer3 / payload
    packet.time = clock
    packets.append(packet)


for i, (client, port, answers) in enumerate(CLIENTS):
    kind, server = (IPv6, SERVER6) if ":" in client else (IP, SERVER4)
    transport = UDP if port == 53 else TCP
    here, there = 40000 + i, port
    send(kind(src=client, dst=server), transport(sport=here, dport=there) / Raw(bytes(40)))
    for _ in range(answers):
        send(kind(src=server, dst=client), transport(sport=there, dport=here) / Raw(bytes(900)))

wrpcap(sys.argv[1], packets)
