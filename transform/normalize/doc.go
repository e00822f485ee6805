// Package normalize multiplies what flows count by the rate of packet sampling, so
// that it estimates the traffic and not the sample.
//
//	normalize.Volume(normalize.Fallback(1000))
//
// It multiplies Bytes, Packets, BytesLayer2, BytesOut, PacketsOut, ReverseBytes and
// ReversePackets, as far as they are there, and sets Normalized. A flow that has
// Normalized set already is left alone, so doing it twice does no harm. SamplingRate
// stays; a fallback is written there, so that it can be told how much was sampled.
//
// A flow without a rate, or with 0, gets that of the longest prefix that FallbackFor
// gives its exporter, else that of Fallback; without either it is left alone. What
// does not fit in 64 bits becomes the greatest number that does.
//
// Running totals and what a packet or an interface is measured by are not multiplied.
//
// # Counters
//
// normalized counts flows; already those that were normalized before, unknown_rate
// those that were left alone for want of a rate; fallback those that got one;
// saturated numbers that did not fit.
package normalize
