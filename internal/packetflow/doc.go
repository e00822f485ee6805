// Package packetflow writes the header fields of a packet into a flow: those of
// its outermost IP packet into the flow's own fields, what a tunnel carries into
// the inner ones.
//
// Nothing here allocates. Functions may be called concurrently for different
// batches.
package packetflow
