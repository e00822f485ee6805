#!/bin/sh
# Makes exports.pcap again: sh exports.sh (as root, on Linux). It holds what real
# exporters send that read web.pcap: NetFlow v5, v9 and IPFIX of softflowd, sFlow
# of pmacctd. Traffic stays within a network namespace.
#
# Needs iproute2, tcpdump, python3, softflowd and pmacct. Times of receipt differ
# from run to run, and so does the checksum in README.md.
set -eu
cd "$(dirname "$0")"
WEB=$PWD/web.pcap
NS=export.$$
TMP=$(mktemp -d)
LISTEN= DUMP=
trap 'ip netns del $NS 2>/dev/null || true; rm -rf "$TMP"; kill $LISTEN $DUMP 2>/dev/null || true' EXIT

ip netns add $NS
inside() { ip netns exec $NS "$@"; }
inside ip link set lo up
inside ip addr add 192.0.2.9/32 dev lo

# Somebody has to listen, or the exporters stop.
inside python3 -c 'import socket, time
a = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
[s.bind(("", p)) for s, p in zip(a, (2055, 6343))]
time.sleep(60)' >/dev/null 2>&1 & LISTEN=$!
inside tcpdump -i lo -s 0 -U -w "$TMP/exports.pcap" udp >/dev/null 2>&1 & DUMP=$!
sleep 1
for v in 5 9 10; do
	(cd "$TMP" && inside timeout 10 softflowd -D -a -v $v -r "$WEB" -n 192.0.2.9:2055 -p pid -c ctl >log 2>&1 || cat log)
done
cat >"$TMP/conf" <<C
daemonize: false
pcap_savefile: $WEB
plugins: sfprobe
sampling_rate: 1
sfprobe_receiver: 192.0.2.9:6343
sfprobe_agentip: 192.0.2.9
C
inside timeout 20 pmacctd -f "$TMP/conf" >/dev/null 2>&1 || true
sleep 1
kill -TERM $DUMP
wait $DUMP || true
cp "$TMP/exports.pcap" exports.pcap
sha256sum exports.pcap
