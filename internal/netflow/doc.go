// Package netflow decodes NetFlow v5, v7 and v9 (RFC 3954) and IPFIX (RFC 7011,
// 7012, 5103) from datagrams into flows.
//
// A Store is what is known of exporters: templates, and what options data told
// (samplers, names of interfaces, VRFs and applications, system init times). It
// is shared by the Decoders of a source, one for each goroutine:
//
//	store := netflow.NewStore(cfg)
//	dec, err := netflow.NewDecoder(store, cfg, symbols.Quota(4096), layout)
//	…
//	dec.Begin(payload, from, received)
//	for !dec.Fill(batch) {
//		// deliver the batch, take the next one
//	}
//
// # Templates
//
// A template is compiled once into instructions that copy from an offset of the
// record to an offset of the flow. Records are decoded in blocks, field by field;
// where lengths vary, their parts are found first. State is kept by exporter address (with Config.PortInKey also its
// port), version and observation domain.
//
// Messages of a session, as over TCP, have state of their own, which ends with the
// session: the next one begins with neither templates nor sequence numbers (RFC
// 7011 section 8).
//
// Options data counts for all data of its datagram, before it or after. Data
// whose template is not known yet is held, within Config.HoldBytes and
// Config.HoldFor, and decoded when the template comes.
//
// # Refusals
//
// Nothing stops a decoder. What it cannot read is counted by reason (Reason), and
// costs only itself: a bad set its set, a bad template its template. Every length
// and every count is held against the bytes that are there. A template whose
// records would take no bytes is refused.
package netflow
