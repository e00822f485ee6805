package netflow

// header is what a datagram says of all its records.
type header struct {
	received int64  // [ns since the epoch]
	exportMs int64  // when the exporter sent it [ms since the epoch]
	exportNs int64  // nanoseconds beyond that (v5)
	sequence uint32 // number of the datagram
	uptime   uint32 // the exporter's uptime then [ms, wraps]
	relative bool   // uptime is known
}

// uptimeNanos turns a time by the exporter's uptime into nanoseconds since the
// epoch. Uptime wraps after 49.7 days: the time is taken to be the nearest to the
// export.
func (h *header) uptimeNanos(ms uint32) int64 {
	return (h.exportMs+int64(int32(ms-h.uptime)))*milli + h.exportNs
}

// relativeTo sets the uptime from the time the system was initialized at.
func (h *header) relativeTo(initMs int64) {
	if initMs > 0 {
		h.uptime, h.relative = uint32(h.exportMs-initMs), true
	}
}
