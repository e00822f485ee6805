// Package ebpf makes flows of the packets that pass the network interfaces of a
// Linux host, without missing one and at almost no cost: programs in the kernel
// count them.
//
//	pipeline.From(ebpf.Device("eth0"))
//
// # Fields
//
// A flow is the packets of one direction of a conversation that passed one
// interface in one direction. Packets and Bytes are those on the wire, link-layer
// header included: what segmentation offload joins counts as the segments that it
// stands for, each with its headers. StackPackets and StackBytes are what the
// network stack handed over, as "ip -s link" counts it. Direction tells whether
// the packets came in (InIf, InIfName) or went out (OutIf, OutIfName).
// TimeReceived is when the flow ended. What a tunnel carries, labels and segments
// are read from the first packet of the flow in each Interval, later fragments
// count with the first.
//
// # Methods
//
// Auto takes the first that works of these, and tells the log when it is not the
// first of them.
//
// TCX and Clsact attach eBPF programs, in front of all others. They count into maps
// of the kernel, which the process takes over in each Interval: nothing is lost or
// counted twice between reading and deleting. When a map is full, packets of
// further flows come through a ring buffer, and the counts are taken over at once.
// The programs see packets that come in before, and those that go out after, most
// of the network stack, but before other programs at the same hook, which may
// still drop them. They need CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN. The kernel
// removes what TCX attached when the process ends, however it ends. Filters of
// Clsact that a killed process left are removed by the next one that attaches to
// the interface; till then they count into maps that nobody reads. While it adds and removes clsact,
// the kernel may drop what the interface is about to send.
//
// AFPacket has the beginning of each packet copied to the process. It needs
// CAP_NET_RAW, costs much more, and loses packets when the process cannot keep up.
//
// Nothing is left behind when a run returns.
//
// # Filters
//
// Where a filter follows the source, the part of it that concerns addresses,
// ports, protocol, VLAN, TOS, ICMP, direction and interfaces is compiled into the
// programs, so that packets outside it cost a few nanoseconds and no memory. The
// flows are the same with and without.
//
// # Processes
//
// With Processes the flows of local sockets tell the process that owns the socket, in
// both directions. That is the one that created, bound, connected or sent by it last;
// of a connection that was accepted, the one of the listener. Programs at the root of
// the control groups (or at the one that Cgroup names) note it as it happens, and a
// look at all open files what was there before; nothing of it is left when the run
// returns or the process ends.
//
// A flow tells nothing rather than what may be wrong: where it has packets of several
// processes, of more than two sockets on one CPU in an Interval, or of a socket whose
// process is not known. Not known are sockets of the kernel and listeners that speak
// MPTCP, as those of Go do, and were there before. Packets that come in are told for
// TCP and UDP, those that go out also for SCTP and ICMP.
//
// ProcessName is the name of the process, not of its thread, and is missing where it
// ended before its first flow was looked at, unless it has but one thread. PID is that
// of the first namespace of processes; in another one ProcessName is known only of
// such processes too, and sockets that were there before are not known. Container is
// the id of 64 hexadecimal digits in the name of the control group, which takes
// CAP_DAC_READ_SEARCH. RTT is that of the connection as TCP measured it last, and
// Retransmits are those since the flow of the connection that was told last. The look
// at what was there before takes CAP_SYS_PTRACE.
//
// # Counters
//
// Counters that end in _packets and _bytes count as the network stack does:
//
//	ip -s link = counted + refused + filtered + unsampled + lost
//
// counted is in flows, and refused_ and a reason what is no IP packet or
// malformed. filtered is outside the filter that the kernel applies, unsampled was
// not chosen by Sampling. lost had no room in the ring buffer; lost_wire is the
// same as on the wire. AFPacket cannot tell the bytes of what is lost.
//
// overflowed_packets came through the ring buffer since the map was full,
// takings_over and early_takings_over tell how often counts were taken over, and
// how often before the Interval had passed, for that reason. details_lost counts
// flows without what a tunnel carries since the ring buffer was full,
// fragments_unmatched later fragments whose first was not seen: their flow has no
// ports. evicted counts flows that ended early because of MaxFlows,
// failed_interfaces those that could not be attached to. failed_attributions is more
// than 0 when processes are not told, or not all, which the log explains.
// abandoned_packets are in flows that could not be delivered, because the run was
// given up.
package ebpf
