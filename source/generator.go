package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// GeneratorOption changes what Generator makes.
type GeneratorOption func(*generator)

// Count ends the source after n flows; the default is not to end.
func Count(n int) GeneratorOption { return func(g *generator) { g.count, g.bounded = n, true } }

// Rate makes so many flows a second, with times of the wall clock. The default
// is as many as the pipeline takes, each a millisecond of event time after the
// other from 2026-01-01 on.
func Rate(perSecond float64) GeneratorOption {
	return func(g *generator) { g.rate, g.paced = perSecond, true }
}

// Seed chooses the flows: the same seed gives the same ones. The default is 0.
func Seed(n uint64) GeneratorOption { return func(g *generator) { g.seed = n } }

// Generator makes up flows: mostly TCP, some UDP and ICMP, addresses and ports
// with few favourites and many others, sizes with a long tail, one in five IPv6.
func Generator(opts ...GeneratorOption) pipeline.Source {
	return pipeline.NewSource("generator", func() (pipeline.Source, error) {
		g := &generator{}
		for _, o := range opts {
			o(g)
		}
		if g.bounded && g.count < 0 {
			return nil, fmt.Errorf("a count of %d makes no sense", g.count)
		}
		if g.paced && (!(g.rate > 0) || g.rate > 1e9) {
			return nil, errors.New("a rate must be above 0 and at most 1e9 a second")
		}
		g.Rand = rand.New(rand.NewPCG(g.seed, 0x666c6f77))
		g.hosts = rand.NewZipf(g.Rand, 1.2, 1, 1<<16-1)
		return g, nil
	})
}

// Replays implements pipeline.Replayer: without a rate, the flows tell the time.
func (g *generator) Replays() bool { return !g.paced }

// Read implements pipeline.Source.
func (g *generator) Read(ctx context.Context, b *flow.Batch) error {
	room := b.Cap() - b.Len()
	if g.paced {
		n, err := g.due(ctx, b.Deadline())
		if err != nil {
			return err
		}
		room = min(room, n)
	}
	for ; room > 0; room-- {
		if g.bounded && g.made == g.count {
			return io.EOF
		}
		g.next(b.Next())
		g.made++
	}
	if g.bounded && g.made == g.count {
		return io.EOF
	}
	return ctx.Err()
}

// due returns how many flows are to be made by now, waiting for the first until
// the deadline.
func (g *generator) due(ctx context.Context, deadline time.Time) (int, error) {
	now := time.Now()
	if g.begun.IsZero() {
		g.begun = now
	}
	next := g.begun.Add(time.Duration(float64(g.made) / g.rate * 1e9))
	if next.After(now) {
		t := time.NewTimer(min(next.Sub(now), max(deadline.Sub(now), 0)))
		defer t.Stop()
		select {
		case now = <-t.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	g.now = now.UnixNano()
	n := int(now.Sub(g.begun).Seconds()*g.rate) + 1 - g.made
	if now.Before(next) {
		return max(n, 0), nil
	}
	return max(n, 1), nil // whatever rounding says, one is due
}

const firstFlow = 1767225600 * int64(1e9) // 2026-01-01T00:00:00Z

type generator struct {
	*rand.Rand
	hosts *rand.Zipf
	seed  uint64
	made  int

	count   int
	bounded bool

	rate  float64
	paced bool
	begun time.Time
	now   int64
}

var servicePorts = [...]uint16{443, 443, 443, 443, 80, 53, 53, 123, 22, 25, 993, 8080}

func (g *generator) next(fl *flow.Flow) {
	end := firstFlow + int64(g.made)*int64(1e6)
	if g.paced {
		end = g.now
	}
	packets := uint64(math.Exp(g.NormFloat64()*1.5+2)) + 1
	size := uint64(60)
	if g.IntN(2) == 0 {
		size = 600 + g.Uint64N(900)
	}
	fl.SetTimeReceived(end)
	fl.SetTimeEnd(end)
	fl.SetTimeStart(end - int64(g.ExpFloat64()*2e9))
	fl.SetPackets(packets)
	fl.SetBytes(packets * size)
	fl.SetSamplingRate(1)
	fl.SetExporter(flow.AddrFrom4([4]byte{203, 0, 113, byte(1 + g.IntN(3))}))
	fl.SetInIf(uint32(1 + g.IntN(4)))
	fl.SetOutIf(uint32(5 + g.IntN(4)))
	fl.SetSrcAS(uint32(64496 + g.IntN(16)))
	fl.SetDstAS(uint32(64496 + g.IntN(16)))
	v6 := g.IntN(5) == 0
	fl.SetSrcAddr(g.host(192, v6))
	fl.SetDstAddr(g.host(198, v6))
	fl.SetEtherType(flow.EtherTypeIPv4)
	if v6 {
		fl.SetEtherType(flow.EtherTypeIPv6)
	}
	switch p := g.IntN(100); {
	case p < 80:
		fl.SetProto(flow.ProtoTCP)
		fl.SetTCPFlags(0x1b)
	case p < 97:
		fl.SetProto(flow.ProtoUDP)
	default:
		fl.SetProto(flow.ProtoICMP)
		fl.SetICMPType(8) // echo request
		if v6 {
			fl.SetProto(flow.ProtoICMPv6)
			fl.SetICMPType(128)
		}
		fl.SetICMPCode(0)
		return
	}
	fl.SetSrcPort(uint16(32768 + g.IntN(28232)))
	fl.SetDstPort(servicePorts[g.IntN(len(servicePorts))])
}

// host returns an address with few favourites.
func (g *generator) host(net byte, v6 bool) flow.Addr {
	n := g.hosts.Uint64()
	if v6 {
		return flow.Addr{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 7: net, 14: byte(n >> 8), 15: byte(n)}
	}
	return flow.AddrFrom4([4]byte{net, 18, byte(n >> 8), byte(n)})
}
