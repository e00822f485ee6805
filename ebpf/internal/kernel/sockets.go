//go:build linux

package kernel

import (
	"slices"
	"unsafe"

	"github.com/cilium/ebpf"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// Attribution is by what the programs tell the socket of a packet.
type Attribution struct {
	Sockets *ebpf.Map // of each socket its owner
	Owners  *ebpf.Map // of each cookie
	Changes *ebpf.Map // how often it changed who receives what
}

// maxSockets is how many sockets of a flow are told apart.
const maxSockets = 4

// Sockets are the local sockets that packets of a flow belong to.
type Sockets struct {
	cookies [maxSockets]uint64
	n       int
	// Wildcard is true when one of them receives packets to every local address,
	// and the packets' need not be one.
	Wildcard bool
	// More is true when there are more than are told apart, or one whose owner is
	// not known.
	More bool
}

// Cookies returns the cookies of the sockets.
func (s *Sockets) Cookies() []uint64 { return s.cookies[:s.n] }

// add adds the sockets that one CPU saw.
func (s *Sockets) add(words []uint64) {
	a := (*bpf.FlowsAttribution)(unsafe.Pointer(&words[0]))
	s.Wildcard = s.Wildcard || a.Wildcard != 0
	s.More = s.More || a.Several != 0
	for _, cookie := range [...]uint64{a.First, a.Other} {
		switch {
		case cookie == 0 || slices.Contains(s.Cookies(), cookie):
		case s.n == maxSockets:
			s.More = true
		default:
			s.cookies[s.n] = cookie
			s.n++
		}
	}
}
