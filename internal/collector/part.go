package collector

import (
	"context"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/meter"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/stream"
	"github.com/flowpipeline/pipeline/internal/udp"
)

// part is what one lane reads: a socket of each address over UDP, where there is
// one for it, and its share of the connections.
type part struct {
	live   *Live
	lane   *Lane
	joined *datagram.Joined // nil for one socket and no connections
	read   []*udp.Socket

	sockets   udp.Counts    // of read
	streams   stream.Counts // of all connections, in the first part
	abandoned uint64        // by joined
	meters    meter.Set
	reads     int
	templates uint64 // that came by the latest look
}

func (p *part) open(i int, env pipeline.Env) error {
	dec, err := p.live.c.Protocols.open(p.live.store, env)
	if err != nil {
		return err
	}
	drain := 0
	var all []datagram.Receiver
	for _, sockets := range p.live.sockets {
		if i < len(sockets) {
			s := sockets[i]
			p.read, all = append(p.read, s), append(all, s)
			drain += max(s.ReceiveBuffer(), 1<<20)
		}
	}
	var in datagram.Receiver
	if len(all) == 1 && p.live.streams == nil {
		in = all[0]
	} else {
		p.joined = datagram.Join(all...)
		in = p.joined
	}
	if p.live.recording != nil {
		in = &tap{in, p.live.recording}
	}
	p.lane = newLane(in, dec, env)
	p.lane.maxDrain = drain
	p.lane.told = p.publish
	p.count(i, env)
	return nil
}

// count has the counters of what is read told as those of the stage.
func (p *part) count(i int, env pipeline.Env) {
	p.meters.Add(env, "refused_exporters", &p.sockets.Refused)
	p.meters.Add(env, "truncated_datagrams", &p.sockets.Truncated)
	p.meters.Add(env, "abandoned_datagrams", &p.abandoned)
	if udp.KnowsDrops {
		p.meters.Add(env, "kernel_drops", &p.sockets.KernelDrops)
	}
	if i == 0 && p.live.streams != nil {
		c := &p.streams
		p.meters.Add(env, "connections", &c.Connections)
		p.meters.Add(env, "refused_exporters", &c.Refused)
		p.meters.Add(env, "refused_connections", &c.Excess)
		p.meters.Add(env, "failed_handshakes", &c.Handshakes)
		p.meters.Add(env, "broken_connections", &c.Broken)
		p.meters.Add(env, "failed_connections", &c.Failed)
		p.meters.Add(env, "idle_connections", &c.Idle)
		p.meters.Add(env, "abandoned_bytes", &c.Abandoned)
	}
}

// Read fills b with flows.
func (p *part) Read(ctx context.Context, b *flow.Batch) error { return p.lane.Read(ctx, b) }

// Drain fills b with flows of what was received already.
func (p *part) Drain(ctx context.Context, b *flow.Batch) error {
	if s := p.live.streams; s != nil && p.lane.ending == nil {
		s.Drain()
		p.lane.ending = func() bool { return p.joined.Live() > len(p.read) }
	}
	return p.lane.Drain(ctx, b)
}

// askEvery is after how many reads the kernel is asked for its counters.
const askEvery = 16

// publish brings the counters up to date, those of the sockets now and then, and
// asks for the state to be saved when a template came.
func (p *part) publish() {
	if p.reads++; p.reads%askEvery == 1 {
		p.ask()
	}
	p.look()
	if s := p.live.state; s != nil {
		if n := p.lane.dec.netflow.Counters()[netflow.Templates]; n != p.templates {
			p.templates = n
			s.fresh.Store(true)
		}
	}
}

// ask takes over the counters of the sockets.
func (p *part) ask() {
	p.sockets = udp.Counts{}
	for _, s := range p.read {
		c := s.Counts()
		p.sockets.Refused += c.Refused
		p.sockets.Truncated += c.Truncated
		p.sockets.KernelDrops += c.KernelDrops
	}
}

// look takes over the other counters, and tells all.
func (p *part) look() {
	if p.joined != nil {
		p.abandoned = p.joined.Abandoned()
	}
	if p.live.streams != nil {
		p.streams = p.live.streams.Counts()
	}
	p.meters.Publish()
}

// stop ends the goroutines of a lane that reads from several.
func (p *part) stop() {
	if p.joined != nil {
		p.joined.Close()
	}
	if p.lane != nil {
		p.lane.abandon()
	}
}

// last takes over the counters of what is closed.
func (p *part) last() {
	if p.lane != nil {
		p.ask()
		p.look()
	}
}
