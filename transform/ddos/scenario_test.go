package ddos_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/floods"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/transform/ddos"
)

var (
	victim   = netip.MustParsePrefix("192.0.2.7/32")
	net24    = netip.MustParsePrefix("192.0.2.0/24")
	outside  = netip.MustParseAddr("198.51.100.1")
	many     = netip.MustParseAddr("100.64.0.0")
	outside6 = netip.MustParseAddr("2001:db8:ffff::1")
	victim6  = netip.MustParsePrefix("2001:db8::7/128")
)

// usual is some traffic all the time, so that time goes on after an attack, at any
// sampling rate.
var usual = floods.Traffic{For: 3 * time.Minute, Rate: 4 << 15, Size: 700, Packets: 1 << 15, Sources: 50, Src: outside, Dst: net24, Proto: flow.ProtoTCP, Flags: 0x1b, DstPort: 443}

const s = time.Second

// scenarios are attacks and what they have to be told as, by sampling rate: phase,
// time of the event since the beginning, target, class, severity, first and last
// moment of the attack. Traffic without events looks like an attack and is none.
var scenarios = map[string]struct {
	traffic []floods.Traffic
	want    []string            // at any sampling rate
	sampled map[uint32][]string // at others than that
}{
	"syn flood": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 100e3, Size: 60, Packets: 20, Sources: 1 << 16, Src: many, Dst: victim, Proto: flow.ProtoTCP, Flags: 2, DstPort: 80}},
		want: []string{
			"start 11.5s 192.0.2.7/32 syn major 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 syn major 10s-30s",
			"end 1m30s 192.0.2.7/32 syn major 10s-30s",
		},
	},
	"udp flood": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 200e3, Size: 1000, Packets: 50, Sources: 1 << 12, Src: many, Dst: victim, Proto: flow.ProtoUDP}},
		want: []string{
			"start 11.5s 192.0.2.7/32 udp minor 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 udp minor 10s-30s",
			"end 1m30s 192.0.2.7/32 udp minor 10s-30s",
		},
	},
	"dns amplification": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 50e3, Size: 1400, Packets: 20, Sources: 3000, Src: many, Dst: victim, Proto: flow.ProtoUDP, SrcPort: 53}},
		want: []string{
			"start 11.5s 192.0.2.7/32 dns amplification major 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 dns amplification major 10s-30s",
			"end 1m30s 192.0.2.7/32 dns amplification major 10s-30s",
		},
		sampled: map[uint32][]string{
			4096: {"start 12.5s 192.0.2.7/32 dns amplification major 10s-12.5s", "update 1m12.5s 192.0.2.7/32 dns amplification major 10s-30s", "end 1m30s 192.0.2.7/32 dns amplification major 10s-30s"},
		},
	},
	"ntp amplification of ipv6": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 500e3, Size: 468, Packets: 100, Sources: 3000, Src: outside6, Dst: victim6, Proto: flow.ProtoUDP, SrcPort: 123}},
		want: []string{
			"start 11.5s 2001:db8::7/128 ntp amplification critical 10s-11.5s",
			"update 1m11.5s 2001:db8::7/128 ntp amplification critical 10s-30s",
			"end 1m30s 2001:db8::7/128 ntp amplification critical 10s-30s",
		},
	},
	"icmp flood": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 100e3, Size: 84, Packets: 50, Sources: 1000, Src: many, Dst: victim, Proto: flow.ProtoICMP}},
		want: []string{
			"start 11.5s 192.0.2.7/32 icmp major 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 icmp major 10s-30s",
			"end 1m30s 192.0.2.7/32 icmp major 10s-30s",
		},
	},
	"fragments": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 100e3, Size: 1500, Packets: 50, Sources: 1000, Src: many, Dst: victim, Proto: flow.ProtoUDP, More: true}},
		want: []string{
			"start 11.5s 192.0.2.7/32 fragments major 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 fragments major 10s-30s",
			"end 1m30s 192.0.2.7/32 fragments major 10s-30s",
		},
	},
	"carpet bombing": {
		traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 350e3, Size: 1000, Packets: 50, Sources: 1 << 12, Src: many, Dst: net24, Proto: flow.ProtoUDP}},
		want: []string{
			"start 11.5s 192.0.2.0/24 udp minor 10s-11.5s",
			"update 1m11.5s 192.0.2.0/24 udp minor 10s-30s",
			"end 1m30s 192.0.2.0/24 udp minor 10s-30s",
		},
	},
	"slow ramp": { // above 100,000 packets a second from the 40th second on
		traffic: []floods.Traffic{{For: 60 * s, Rate: 150e3, Ramp: true, Size: 100, Packets: 50, Sources: 1 << 12, Src: many, Dst: victim, Proto: flow.ProtoUDP}},
		want: []string{
			"start 41.5s 192.0.2.7/32 udp minor 40s-41.5s",
			"update 1m41.5s 192.0.2.7/32 udp minor 40s-1m0s",
			"end 2m0s 192.0.2.7/32 udp minor 40s-1m0s",
		},
		sampled: map[uint32][]string{
			100:  {"start 43s 192.0.2.7/32 udp minor 38s-43s", "update 1m43s 192.0.2.7/32 udp minor 38s-1m0s", "end 2m0s 192.0.2.7/32 udp minor 38s-1m0s"},
			4096: {"start 45s 192.0.2.7/32 udp minor 41s-45s", "update 1m45s 192.0.2.7/32 udp minor 41s-1m0s", "end 2m0s 192.0.2.7/32 udp minor 41s-1m0s"},
		},
	},
	"pulses": {
		traffic: []floods.Traffic{{At: 10 * s, For: 50 * s, Rate: 300e3, On: 2 * s, Off: 8 * s, Size: 500, Packets: 50, Sources: 1 << 12, Src: many, Dst: victim, Proto: flow.ProtoUDP}},
		want: []string{
			"start 11.5s 192.0.2.7/32 udp minor 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 udp minor 10s-52s",
			"end 1m52s 192.0.2.7/32 udp minor 10s-52s",
		},
	},
	"records of a minute": { // a router tells only at 70 s
		traffic: []floods.Traffic{{At: 70 * s, For: s / 10, Rate: 120e6, Span: 60 * s, Size: 1000, Packets: 6000, Sources: 1 << 12, Src: many, Dst: victim, Proto: flow.ProtoUDP}},
		want: []string{
			"start 1m10.5s 192.0.2.7/32 udp minor 10.5s-1m10s",
			"end 2m10s 192.0.2.7/32 udp minor 10.5s-1m10s",
		},
	},
	"host and carpet": { // the prefix has an attack of its own
		traffic: []floods.Traffic{
			{At: 10 * s, For: 20 * s, Rate: 400e3, Size: 1000, Packets: 50, Sources: 1 << 12, Src: many, Dst: victim, Proto: flow.ProtoUDP},
			{At: 10 * s, For: 20 * s, Rate: 350e3, Size: 1000, Packets: 50, Sources: 1 << 12, Src: many, Dst: net24, Proto: flow.ProtoUDP},
		},
		want: []string{
			"start 11.5s 192.0.2.7/32 udp major 10s-11.5s",
			"start 11.5s 192.0.2.0/24 udp minor 10s-11.5s",
			"update 1m11.5s 192.0.2.7/32 udp major 10s-30s",
			"update 1m11.5s 192.0.2.0/24 udp minor 10s-30s",
			"end 1m30s 192.0.2.7/32 udp major 10s-30s",
			"end 1m30s 192.0.2.0/24 udp minor 10s-30s",
		},
	},

	"speed test": {traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 800e3, Size: 1400, Packets: 200, Sources: 4, Src: outside, Dst: victim, Proto: flow.ProtoTCP, Flags: 0x18, SrcPort: 8080}}},
	"speed test beside others": {traffic: []floods.Traffic{
		{At: 10 * s, For: 20 * s, Rate: 800e3, Size: 1400, Packets: 400, Sources: 4, Src: outside, Dst: victim, Proto: flow.ProtoTCP, Flags: 0x18, SrcPort: 8080},
		{For: 60 * s, Rate: 40e3, Size: 800, Packets: 20, Sources: 200, Src: many, Dst: net24, Proto: flow.ProtoTCP, Flags: 0x1b, SrcPort: 443},
	}},
	"speed test before visitors": {traffic: []floods.Traffic{
		{At: 10 * s, For: 10 * s, Rate: 800e3, Size: 1400, Packets: 400, Sources: 4, Src: outside, Dst: victim, Proto: flow.ProtoTCP, Flags: 0x18, SrcPort: 8080},
		{At: 22 * s, For: 20 * s, Rate: 100e3, Size: 800, Packets: 20, Sources: 1000, Src: many, Dst: victim, Proto: flow.ProtoTCP, Flags: 0x1b, SrcPort: 443},
	}},
	"speed test over quic":   {traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 200e3, Size: 1250, Packets: 200, Sources: 2, Src: outside, Dst: victim, Proto: flow.ProtoUDP, SrcPort: 443}}},
	"pull from a cdn":        {traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 900e3, Size: 1400, Packets: 200, Sources: 8, Src: outside, Dst: net24, Proto: flow.ProtoTCP, Flags: 0x18, SrcPort: 443}}},
	"backup":                 {traffic: []floods.Traffic{{At: 10 * s, For: 60 * s, Rate: 700e3, Span: 10 * s, Size: 1500, Packets: 20000, Sources: 1, Src: outside, Dst: victim, Proto: flow.ProtoTCP, Flags: 0x10, DstPort: 873}}},
	"port scan":              {traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 10e3, Size: 60, Sources: 1, Src: outside, Dst: net24, Proto: flow.ProtoTCP, Flags: 2}}},
	"port scan of a host":    {traffic: []floods.Traffic{{At: 10 * s, For: 6 * s, Rate: 10e3, Size: 60, Sources: 1, Src: outside, Dst: victim, Proto: flow.ProtoTCP, Flags: 2}}},
	"viewers of a stream":    {traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 300e3, Size: 52, Packets: 100, Span: 4 * s, Sources: 10000, Src: many, Dst: victim, Proto: flow.ProtoTCP, Flags: 0x10, DstPort: 443}}},
	"a resolver's answers":   {traffic: []floods.Traffic{{At: 10 * s, For: 20 * s, Rate: 8e3, Size: 300, Packets: 2, Sources: 3000, Src: many, Dst: victim, Proto: flow.ProtoUDP, SrcPort: 53}}},
	"a minute in one record": {traffic: []floods.Traffic{{At: 70 * s, For: s / 10, Rate: 20e6, Span: 60 * s, Size: 1000, Packets: 5000, Sources: 100, Src: many, Dst: victim, Proto: flow.ProtoUDP}}},
}

// tell is an event in a line.
func tell(e ddos.Event) string {
	since := func(t time.Time) time.Duration { return t.Sub(floods.Begin) }
	return fmt.Sprintf("%v %v %v %v %v %v-%v", e.Phase, since(e.Time), e.Target, e.Class, e.Severity, since(e.Start), since(e.Last))
}

// events runs traffic through a detector, and returns what it told.
func events(t testing.TB, plan func(pipeline.Source) pipeline.Stream, sampling uint32, traffic []floods.Traffic, opts ...pipeline.Option) []ddos.Event {
	var got []ddos.Event
	pipelinetest.Run(t, plan(floods.Source(sampling, append(traffic[:len(traffic):len(traffic)], usual)...)).
		Filter(ddos.Events()).
		To(sink.Func("events", func(b *flow.Batch) error {
			for fl := range b.All() {
				e, ok := ddos.EventOf(b, fl)
				require.True(t, ok)
				got = append(got, e)
			}
			return nil
		})), opts...)
	return got
}

func detect(src pipeline.Source) pipeline.Stream {
	return pipeline.From(src).Through(ddos.Detect(ddos.Keys(1 << 14)))
}

func TestScenarios(t *testing.T) {
	for name, sc := range scenarios {
		for _, rate := range []uint32{1, 100, 4096} {
			t.Run(fmt.Sprintf("%s 1:%d", name, rate), func(t *testing.T) {
				t.Parallel()
				var got []string
				for _, e := range events(t, detect, rate, sc.traffic) {
					got = append(got, tell(e))
				}
				want := sc.want
				if own, ok := sc.sampled[rate]; ok {
					want = own
				}
				require.Equal(t, want, got)
			})
		}
	}
}
