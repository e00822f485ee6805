// Package push compiles the part of a filter that concerns the key of a flow to
// eBPF instructions, so that a kernel refuses packets before it counts them.
//
// The instructions are the body of a function that takes a pointer to a
// packet.Key, in the byte order of the machine, in R1, and returns 1 in R0 for a
// key that passes and 0 for any other. They call nothing, need no map and no stack,
// jump forward only, write R0 and R2 to R4 alone, and pass the verifier of Linux
// 5.15.
//
// They mean what the filter means for the flow that package packetflow makes of
// the key.
package push
