// Package spool keeps flows on a disk until another sink has delivered them. When
// that sink's target is away, is slow, or the process ends in between, flows wait
// there in the order in which they came, and are delivered when the target is back,
// also by the next run.
//
//	pipeline.From(source.GoFlow("netflow://:2055")).
//		To(spool.To(netflow.Export("ipfix+tcp://collector"), "/var/spool/flows"))
//
// # What a write means
//
// Write returns when the flows are in a file of the directory; their source takes
// them for delivered then. They survive the end of the process at any instant, and
// that of the machine as Sync says. All flows go that way, also while the target
// keeps up: the files' pages stay in memory, and files that are dealt with are
// removed before much of them reaches the disk.
//
// # Delivery
//
// One goroutine reads the flows and writes them to the sink, each until the sink has
// let go of it without an error; flows that failed are tried again, with growing
// pauses. After a crash, and when a retry follows on a late failure, flows may come
// twice. The order is kept for sinks that deliver in Write; one that retains batches
// gets up to InFlight of them at a time, and those that fail again behind the others.
// The sink is opened in the background and again after a failure, so that a pipeline
// starts while its target is away.
//
// A sink that retains more than InFlight batches before it delivers any stalls.
//
// # Bounds
//
// A spool that has reached MaxBytes, and a disk that is full, do as OnFull says. What
// is there already stays.
//
// # Ends
//
// When the run ends, what waits is delivered within the drain timeout, but the first
// failure ends that: what is left stays for the next run. A directory belongs to one
// spool at a time.
//
// # Counters
//
// spooled_bytes and spooled_flows are what waits; oldest_unix_seconds is when the
// oldest of it was written, 0 for none. delivered_flows, and replayed_flows among
// them, from earlier runs. Lost are dropped_flows (the spool was full),
// refused_flows (the target failed too often) and corrupt_flows, corrupt_records,
// corrupt_bytes (the disk changed them), segments_set_aside (renamed, since their
// headers are damaged). torn_bytes were half written when an earlier run ended, so
// that no source takes them for delivered. unknown_values are of fields that this
// program does not have, symbols_refused texts that the table of symbols refused.
// target_errors, write_errors and read_errors count attempts that failed.
package spool
