// Package sink holds the sinks that need nothing but the standard library and a
// compressor: JSON lines, CSV, length-delimited protobuf, the flow dump, and what
// tests and small programs use.
//
// A sink that writes makes one call of Write for each batch and keeps nothing
// back, so what the pipeline counts as delivered has left the process. A write
// that fails, or that is short, fails the whole batch: how much of it arrived is
// not known.
package sink
