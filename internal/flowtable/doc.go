// Package flowtable makes flows of packets.
//
// A Table keeps the flows that are under way, each one direction of a
// conversation, and writes those that end into batches. A flow ends when no
// packet came for the inactive timeout, when it is older than the active
// timeout, a short while after a FIN or RST, when the table is full and the flow
// is the one longest without a packet, or when the table is flushed.
//
// Time is that of the packets. The table's clock is the latest time it has seen:
// a packet that is told to be earlier never turns it back. The same packets give
// the same flows in the same order, whatever the size of the batches.
//
// A packet whose time is wrong and far ahead therefore ends all flows, and none
// becomes due again until the other packets have caught up with it. Till then a
// flow ends only when a packet of its own comes past its timeouts, or for lack of
// room: MaxFlows bounds the table, and flows are right, but late. A rule that
// doubted such a packet would have to hold it back until the next one agrees, and
// two wrong packets in a row would still defeat it.
//
// Packets may also be counted elsewhere, by a kernel, and merged as sums. Those
// come in no order, so it is not Merge but Expire that then ends flows.
//
// Order: before a packet is counted, all flows that are due at its time are
// written, the earliest due first, and among those due at the same time the one
// whose timer was set by the earlier packet. Flush writes by start, then by
// arrival.
package flowtable
