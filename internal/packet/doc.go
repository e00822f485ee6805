// Package packet reads the headers of captured frames.
//
// Parse turns the bytes of one frame into a Packet, a struct of header fields
// without pointers. It never allocates, keeps nothing of the frame, and bounds
// every loop. A frame that ends early (a snap length, an sFlow sample) gives the
// fields that are there.
//
// The outermost IP header is the packet. What a tunnel carries is kept apart in
// Inner.
package packet
