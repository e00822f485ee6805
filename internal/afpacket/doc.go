// Package afpacket reads the packets of a Linux interface through a ring that is
// shared with the kernel (TPACKET_V3, packet(7)).
//
// A Ring sees the packets that come in and those that go out, each as the
// network stack hands it over: what segmentation offload joins is one Frame, which
// tells how its segments are cut. A VLAN tag that the interface took off is put
// back. Packets for which the ring had no room are counted.
//
// The package is for Linux alone.
package afpacket
