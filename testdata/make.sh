#!/bin/sh
# Makes the captures in this folder again: sh make.sh (as root, on Linux).
#
# Needs iproute2, tcpdump, editcap (wireshark-common), dnsmasq, dig or python3,
# curl, openssl, ping and python3 with scapy. Traffic stays within two network
# namespaces. Times, ports and sequence numbers differ from run to run, so the
# checksums in README.md and the golden tests change with it.
set -eu
cd "$(dirname "$0")"
A=capA.$$ B=capB.$$
TMP=$(mktemp -d)
PIDS=
cleanup() {
	for p in $PIDS; do kill "$p" 2>/dev/null || true; done
	ip netns del $A 2>/dev/null || true
	ip netns del $B 2>/dev/null || true
	rm -rf "$TMP"
}
trap cleanup EXIT

# Two hosts on one wire.
ip netns add $A
ip netns add $B
ip link add va netns $A type veth peer name vb netns $B
inA() { ip netns exec $A "$@"; }
inB() { ip netns exec $B "$@"; }
inA ip link set va address 02:00:00:00:00:01
inB ip link set vb address 02:00:00:00:00:02
inA ethtool -K va tso off gso off gro off tx off 2>/dev/null || true
inB ethtool -K vb tso off gso off gro off tx off 2>/dev/null || true
inA ip link set lo up; inA ip link set va up
inB ip link set lo up; inB ip link set vb up
inA ip addr add 192.0.2.1/24 dev va
inB ip addr add 192.0.2.80/24 dev vb
inA ip addr add 2001:db8::1/64 dev va nodad
inB ip addr add 2001:db8::80/64 dev vb nodad
inA ip addr add 203.0.113.1/32 dev va
inB ip route add 203.0.113.1/32 via 192.0.2.1
sleep 1

# Servers: web, TLS, DNS.
mkdir "$TMP/www"
i=0
while [ $i -lt 400 ]; do echo "line $i of a page that is long enough for several segments"; i=$((i + 1)); done >"$TMP/www/page.html"
echo short >"$TMP/www/short.txt"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
	-subj /CN=www.example.org -keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>/dev/null
ip netns exec $B python3 -m http.server --bind :: --directory "$TMP/www" 80 >/dev/null 2>&1 & PIDS="$PIDS $!"
(cd "$TMP/www" && exec ip netns exec $B openssl s_server -quiet -accept 443 -cert "$TMP/cert.pem" -key "$TMP/key.pem" -WWW) >/dev/null 2>&1 & PIDS="$PIDS $!"
ip netns exec $B dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --user=root --pid-file="$TMP/dns.pid" \
	--address=/www.example.org/192.0.2.80 --address=/www.example.org/2001:db8::80 >/dev/null 2>&1 & PIDS="$PIDS $!"
sleep 2

ip netns exec $A tcpdump -i va -s 0 -w "$TMP/web.pcap" --time-stamp-precision=micro >/dev/null 2>&1 & DUMP=$!
PIDS="$PIDS $DUMP"
sleep 1

cat >"$TMP/dns.py" <<'P'
import random, socket, struct, sys
def ask(server, name, kind, family):
    q = struct.pack("!6H", random.randrange(65536), 0x100, 1, 0, 0, 0)
    q += b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0" + struct.pack("!2H", kind, 1)
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(q, (server, 53)); s.recv(512)
ask("192.0.2.80", "www.example.org", 1, socket.AF_INET)
ask("192.0.2.80", "www.example.org", 28, socket.AF_INET)
ask("2001:db8::80", "www.example.org", 28, socket.AF_INET6)
P
inA python3 "$TMP/dns.py"
inA curl -m 5 -s -o /dev/null http://192.0.2.80/page.html
inA curl -m 5 -s -o /dev/null --interface 203.0.113.1 http://192.0.2.80/short.txt
inA curl -m 5 -g -s -o /dev/null 'http://[2001:db8::80]/page.html'
inA curl -m 5 -s -o /dev/null http://192.0.2.80/missing || true
inA curl -m 5 -k -s -o /dev/null --resolve www.example.org:443:192.0.2.80 https://www.example.org/page.html
inA curl -m 5 -s -o /dev/null http://192.0.2.80:81/ || true
inA ping -w 5 -q -c 3 -i 0.2 192.0.2.80 >/dev/null
inA ping -w 5 -q -c 3 -i 0.2 2001:db8::80 >/dev/null
inA ping -w 5 -q -c 1 -s 3000 192.0.2.80 >/dev/null
inA ping -w 5 -q -c 1 -s 3000 2001:db8::80 >/dev/null
# A datagram to a closed port, answered by ICMP.
inA python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("192.0.2.80", 9))'
# Lost segments, sent again.
inB tc qdisc add dev vb root netem loss 20% 2>/dev/null || true
inA curl -m 5 -s -o /dev/null http://192.0.2.80/page.html
sleep 1
kill -TERM $DUMP
wait $DUMP || true

cp "$TMP/web.pcap" web.pcap
editcap -F pcapng web.pcap web.pcapng
gzip -9 -n -c web.pcap >web.pcap.gz
/usr/bin/python3 crafted.py crafted.pcap
sha256sum ./*.pcap ./*.pcapng ./*.gz
