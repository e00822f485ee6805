package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// socket is what the kernel tells of the sockets at a port.
type socket struct {
	queued uint64 // bytes that nobody took yet
	drops  uint64 // datagrams for which there was no room
}

// socketAt adds up the IPv4 sockets at a UDP port, and reports whether there is
// one. It needs Linux (proc(5), /proc/net/udp).
func socketAt(port int) (s socket, ok bool) {
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return s, false
	}
	local := []byte(fmt.Sprintf(":%04X", port))
	for line := range bytes.Lines(table) {
		f := bytes.Fields(line)
		if len(f) < 13 || !bytes.HasSuffix(f[1], local) {
			continue
		}
		ok = true
		if _, queued, found := bytes.Cut(f[4], []byte(":")); found {
			n, _ := strconv.ParseUint(string(queued), 16, 64)
			s.queued += n
		}
		n, _ := strconv.ParseUint(string(f[12]), 10, 64)
		s.drops += n
	}
	return s, ok
}
