#!/bin/sh
# Makes routes.pcap again: sh routes.sh (as root, on Linux). It is the IPFIX that
# pmacctd sends of the packets of routes.py, with prefix lengths and origin ASes as
# a border router has them of its routes. Traffic stays within a network namespace.
#
# Needs iproute2, tcpdump, python3 with scapy, and pmacct. Times of receipt differ
# from run to run, and so does the checksum in README.md.
set -eu
cd "$(dirname "$0")"
NS=routes.$$
TMP=$(mktemp -d)
LISTEN= DUMP=
trap 'ip netns del $NS 2>/dev/null || true; rm -rf "$TMP"; kill $LISTEN $DUMP 2>/dev/null || true' EXIT

# Origin AS and prefix of each route. There are none of IPv6: pmacctd 1.7.7 gives
# every address of IPv6 the first of them.
cat >"$TMP/networks" <<N
64496,192.0.2.0/24
64500,198.51.100.0/24
64500,198.51.100.128/25
64511,203.0.113.0/26
64501,203.0.113.64/26
64505,203.0.113.128/25
N
cat >"$TMP/conf" <<C
daemonize: false
pcap_savefile: $TMP/packets.pcap
plugins: nfprobe
aggregate: src_host, dst_host, src_port, dst_port, proto, tos, src_as, dst_as, src_mask, dst_mask
networks_file: $TMP/networks
pmacctd_as: file
pmacctd_net: file
nfprobe_version: 10
nfprobe_receiver: 192.0.2.9:2055
C
${PYTHON:-/usr/bin/python3} routes.py "$TMP/packets.pcap"
ip netns add $NS
inside() { ip netns exec $NS "$@"; }
inside ip link set lo up
inside ip addr add 192.0.2.9/32 dev lo
# Somebody has to listen, or the exporter stops.
inside python3 -c 'import socket, time
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("", 2055))
time.sleep(60)' >/dev/null 2>&1 & LISTEN=$!
inside tcpdump -i lo -s 0 -U -w "$TMP/routes.pcap" udp >/dev/null 2>&1 & DUMP=$!
sleep 1
inside timeout 20 pmacctd -f "$TMP/conf" >"$TMP/log" 2>&1 || cat "$TMP/log"
sleep 1
kill -TERM $DUMP
wait $DUMP || true
cp "$TMP/routes.pcap" routes.pcap
sha256sum routes.pcap
