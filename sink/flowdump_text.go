package sink

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flowpipeline/pipeline/flow"
)

func appendUint(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) }

// appendSafe appends text that came from outside, with everything that could
// steer a terminal made visible.
func appendSafe(dst []byte, s string) []byte {
	for _, r := range s {
		if unicode.IsPrint(r) {
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = strconv.AppendQuoteRuneToASCII(dst, r)
	}
	return dst
}

func protocol(dst []byte, fl *flow.Flow) []byte {
	if !fl.Has(flow.FieldProto) {
		return append(dst, '?')
	}
	if name := flow.EnumText(flow.FieldProto, uint64(fl.Proto)); name != "" {
		return append(dst, name...)
	}
	return appendUint(dst, uint64(fl.Proto))
}

// rates prints the duration, and what it makes of bytes and packets.
func rates(dst []byte, fl *flow.Flow) []byte {
	dst = append(dst, ", "...)
	dst = duration(dst, fl.Duration())
	bits, ok := fl.BitsPerSecond()
	if !ok {
		return append(dst, ", – bit/s, – p/s"...)
	}
	packets, _ := fl.PacketsPerSecond()
	dst = scaled(append(dst, ", "...), bits)
	dst = append(dst, "bit/s, "...)
	dst = scaled(dst, packets)
	return append(dst, "p/s"...)
}

// duration prints three significant digits: 1.25s, 83.1ms.
func duration(dst []byte, d time.Duration) []byte {
	switch {
	case d >= time.Second:
		return append(digits(dst, d.Seconds()), 's')
	case d >= time.Millisecond:
		return append(digits(dst, float64(d)/1e6), "ms"...)
	case d >= time.Microsecond:
		return append(digits(dst, float64(d)/1e3), "µs"...)
	}
	return append(appendUint(dst, uint64(d)), "ns"...)
}

// scaled prints a number with its decimal prefix (k, M, G, T).
func scaled(dst []byte, v float64) []byte {
	const prefixes = "kMGTPE"
	i := -1
	for v >= 999.5 && i+1 < len(prefixes) {
		v /= 1000
		i++
	}
	dst = append(digits(dst, v), ' ')
	if i >= 0 {
		dst = append(dst, prefixes[i])
	}
	return dst
}

// digits prints a number with three significant digits, more if it is 1000 or
// greater, and no zeros behind the point.
func digits(dst []byte, v float64) []byte {
	places := 2
	switch {
	case v >= 99.95:
		places = 0
	case v >= 9.995:
		places = 1
	}
	dst = strconv.AppendFloat(dst, v, 'f', places, 64)
	if places > 0 {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] == '.' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// details prints what Verbose adds.
func details(dst []byte, b *flow.Batch, fl *flow.Flow) []byte {
	for _, f := range verboseFields {
		if !b.Has(fl, f) {
			continue
		}
		dst = append(append(dst, ", "...), f.String()...)
		dst = append(dst, ' ')
		v, _ := b.Uint(fl, f)
		switch name := flow.EnumText(f, v); {
		case f == flow.FieldTCPFlags:
			dst = tcpFlags(dst, fl.TCPFlags)
		case name != "":
			dst = append(dst, name...)
		case f == flow.FieldSrcCountry || f == flow.FieldDstCountry:
			text, _ := b.Text(fl, f)
			dst = append(dst, text...)
		default:
			dst = appendUint(dst, v)
		}
	}
	return dst
}

var verboseFields = [...]flow.Field{
	flow.FieldPackets, flow.FieldBytes, flow.FieldSamplingRate, flow.FieldTCPFlags, flow.FieldTOS, flow.FieldTTL, flow.FieldVLAN,
	flow.FieldSrcAS, flow.FieldDstAS, flow.FieldSrcPrefixLen, flow.FieldDstPrefixLen,
	flow.FieldSrcRPKI, flow.FieldSrcRPKIReason, flow.FieldDstRPKI, flow.FieldDstRPKIReason, flow.FieldSrcCountry, flow.FieldDstCountry,
	flow.FieldCustomerID, flow.FieldEndReason,
}

// tcpFlags prints the flags' letters, from FIN on.
func tcpFlags(dst []byte, flags uint16) []byte {
	const letters = "FSRPAUECN"
	if flags == 0 {
		return append(dst, '-')
	}
	for i := range letters {
		if flags&(1<<i) != 0 {
			dst = append(dst, letters[i])
		}
	}
	return dst
}
