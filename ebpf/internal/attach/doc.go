// Package attach puts things onto network interfaces and keeps them there.
//
// A Watch follows the interfaces of a network namespace: what is selected gets an
// attachment when it appears, and loses it when it goes. TCX and Clsact attach
// programs of eBPF; what they attached ends with the process, or is cleaned up by
// the next one.
package attach
