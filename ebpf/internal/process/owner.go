//go:build linux

package process

import (
	"bytes"
	"time"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// Owner is what is known of a socket.
type Owner struct {
	PID, UID uint32
	Cgroup   uint64
	// RTT is the smoothed round-trip time; 0 for not known.
	RTT time.Duration
	// Retransmits are the segments that the connection sent again so far.
	Retransmits uint32

	cookie uint64
	at     uint64 // when it was the owner, by the boot clock
	name   [len(bpf.SocketsOwner{}.Name)]byte
}

// Of returns what is known of the socket with a cookie. It returns false when that is
// nothing. It calls the kernel.
func (t *Table) Of(cookie uint64) (o Owner, ok bool) {
	t.cookie = cookie
	if t.maps.Owners.Lookup(&t.cookie, &t.owner) != nil {
		return o, false
	}
	return Owner{
		PID: t.owner.Pid, UID: t.owner.Uid, Cgroup: t.owner.Cgroup,
		RTT:         time.Duration(t.owner.Rtt) * time.Microsecond / 8,
		Retransmits: t.owner.Retransmits,
		cookie:      cookie, at: t.owner.At, name: t.owner.Name,
	}, true
}

// Name returns the name of the process, nothing when that is not known: when a
// thread other than the first used the socket, and the process ended before this is
// called. What it returns is not changed.
func (t *Table) Name(o *Owner) []byte {
	if o.name[0] == 0 {
		return t.names.of(o.PID, o.at)
	}
	name, _, _ := bytes.Cut(o.name[:], []byte{0})
	return name
}

// Container returns the id of the container that a control group is of, the empty
// string for none. It is remembered when the group is gone.
func (t *Table) Container(cgroup uint64) string { return t.containers.of(cgroup) }

// Resent returns how many segments the connection sent again since this was called
// for its socket last.
func (t *Table) Resent(o *Owner) uint32 {
	if o.Retransmits == 0 {
		return 0 // as nearly always
	}
	told := t.resent.of(o.cookie, func(uint64) *uint32 { return new(uint32) })
	n := o.Retransmits - *told
	*told = o.Retransmits
	return n
}
