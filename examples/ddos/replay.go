package main

import (
	"net/netip"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/floods"
)

// replay is usual traffic with a speed test, which is no attack, and three attacks
// in it, sampled one in 100.
func replay() pipeline.Source {
	const s = time.Second
	own, some := netip.MustParsePrefix("192.0.2.0/24"), netip.MustParseAddr("198.51.100.0")
	host := func(a string) netip.Prefix { return netip.MustParsePrefix(a + "/32") }
	return floods.Source(100,
		floods.Traffic{For: 150 * s, Rate: 40e3, Size: 800, Packets: 20, Sources: 200, Src: some, Dst: own, Proto: flow.ProtoTCP, Flags: 0x1b, SrcPort: 443},
		floods.Traffic{At: 5 * s, For: 20 * s, Rate: 800e3, Size: 1400, Packets: 400, Sources: 4, Src: some, Dst: host("192.0.2.10"), Proto: flow.ProtoTCP, Flags: 0x18, SrcPort: 8080},
		floods.Traffic{At: 15 * s, For: 30 * s, Rate: 300e3, Size: 468, Packets: 100, Sources: 2500, Src: netip.MustParseAddr("100.64.0.0"), Dst: host("192.0.2.20"), Proto: flow.ProtoUDP, SrcPort: 123},
		floods.Traffic{At: 40 * s, For: 20 * s, Rate: 400e3, Size: 60, Packets: 100, Sources: 1 << 20, Src: netip.MustParseAddr("100.64.0.0"), Dst: host("192.0.2.30"), Proto: flow.ProtoTCP, Flags: 2, DstPort: 443},
		floods.Traffic{At: 55 * s, For: 25 * s, Rate: 600e3, Size: 1000, Packets: 100, Sources: 5000, Src: netip.MustParseAddr("100.64.0.0"), Dst: own, Proto: flow.ProtoUDP},
	)
}
