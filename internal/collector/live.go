package collector

import (
	"context"
	"errors"
	"net/netip"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/udp"
)

// Config says what a live source receives and how.
type Config struct {
	Addresses  []string // to listen at, host:port
	Protocols  Protocols
	UDP        udp.Config // of each address, but for the address, the sockets and the clock
	Templates  string     // file for what is known of exporters; "" for none
	Record     string     // file for datagrams; "" for none
	Extensions []flow.Extender
	// Listening is told the addresses once they are open; nil for nobody.
	Listening func([]netip.AddrPort)
}

// Live receives flow exports on sockets.
type Live struct {
	name  string
	c     Config
	lanes int

	store     *netflow.Store
	state     *state     // nil for none
	recording *recording // nil for none
	sockets   [][]*udp.Socket
	parts     []*part
}

// NewLive returns a source, that opens nothing yet.
func NewLive(name string, c Config) (*Live, error) {
	if len(c.Addresses) == 0 {
		return nil, errors.New("no address to listen at")
	}
	check := c.UDP
	check.Now = func() int64 { return 0 }
	if err := check.Check(); err != nil {
		return nil, err
	}
	if err := c.Protocols.check(); err != nil {
		return nil, err
	}
	l := &Live{name: name, c: c, lanes: 1}
	l.parts = []*part{{live: l}}
	return l, nil
}

// part is what one lane reads.
type part struct {
	live   *Live
	lane   *Lane
	joined *datagram.Joined // nil for one socket
	read   []*udp.Socket

	counts    udp.Counts // of its sockets
	abandoned uint64     // by joined
	meters    meters
	reads     int
	templates uint64 // that came by the latest look
}

// Split has n lanes share the addresses, where the system can do that.
func (l *Live) Split(n int) ([]pipeline.Source, error) {
	if !udp.CanShare {
		n = 1
	}
	l.lanes, l.parts = n, nil
	var sources []pipeline.Source
	for range n {
		p := &part{live: l}
		l.parts = append(l.parts, p)
		sources = append(sources, p)
	}
	return sources, nil
}

// Bind looks whether there are the fields that elements are mapped to.
func (l *Live) Bind(layout *flow.Layout) error {
	return l.c.Protocols.bind(layout)
}

// Extensions declares the fields that elements are mapped to.
func (l *Live) Extensions() []flow.Extender { return l.c.Extensions }

// String returns the source's name.
func (l *Live) String() string { return l.name }

// Open opens the sockets and files.
func (l *Live) Open(ctx context.Context, env pipeline.Env) (err error) {
	defer func() {
		if err != nil {
			_ = l.release()
		}
	}()
	if n := l.c.Protocols.NetFlow; n != nil {
		l.store = netflow.NewStore(*n)
		if l.c.Templates != "" {
			if l.state, err = openState(l.c.Templates, l.store, env); err != nil {
				return err
			}
		}
	}
	if l.c.Record != "" {
		if l.recording, err = newRecording(l.c.Record, env); err != nil {
			return err
		}
	}
	if err = l.listen(ctx, env); err != nil {
		return err
	}
	for i, p := range l.parts {
		if err = p.open(i, env); err != nil {
			return err
		}
	}
	return nil
}

func (l *Live) listen(ctx context.Context, env pipeline.Env) error {
	var at []netip.AddrPort
	for _, a := range l.c.Addresses {
		c := l.c.UDP
		c.Address, c.Sockets = a, l.lanes
		c.Now = func() int64 { return env.Clock.Now().UnixNano() }
		sockets, err := udp.Listen(ctx, c)
		if err != nil {
			return err
		}
		l.sockets = append(l.sockets, sockets)
		s := sockets[0]
		at = append(at, s.Addr())
		granted := s.ReceiveBuffer()
		env.Counter("receive_buffer_bytes").Add(uint64(granted * len(sockets)))
		env.Logger.Info("listening", "address", s.Addr(), "sockets", len(sockets), "receive_buffer", granted)
		if granted > 0 && c.Buffer > 0 && granted < c.Buffer {
			env.Logger.Warn("the receive buffer is smaller than asked for: raise net.core.rmem_max, or grant CAP_NET_ADMIN", "asked", c.Buffer, "granted", granted)
		}
	}
	if l.c.Listening != nil {
		l.c.Listening(at)
	}
	return nil
}

// Read reads on the first lane, when there is no other.
func (l *Live) Read(ctx context.Context, b *flow.Batch) error { return l.parts[0].Read(ctx, b) }

// Drain drains the first lane, when there is no other.
func (l *Live) Drain(ctx context.Context, b *flow.Batch) error { return l.parts[0].Drain(ctx, b) }

// Close closes what Open opened.
func (l *Live) Close(context.Context) error {
	return l.release()
}

func (l *Live) release() (err error) {
	for _, p := range l.parts {
		p.stop()
	}
	for _, sockets := range l.sockets {
		for _, s := range sockets {
			err = errors.Join(err, s.Close())
		}
	}
	for _, p := range l.parts {
		p.last()
	}
	if l.recording != nil {
		l.recording.close()
	}
	if l.state != nil {
		l.state.close()
	}
	l.sockets, l.recording, l.state = nil, nil, nil
	return err
}

func (p *part) open(i int, env pipeline.Env) error {
	dec, err := p.live.c.Protocols.open(p.live.store, env)
	if err != nil {
		return err
	}
	drain := 0
	for _, sockets := range p.live.sockets {
		if i < len(sockets) {
			p.read = append(p.read, sockets[i])
			drain += max(sockets[i].ReceiveBuffer(), 1<<20)
		}
	}
	var in datagram.Receiver = p.read[0]
	if len(p.read) > 1 {
		p.joined = datagram.Join()
		for _, s := range p.read {
			p.joined.Add(s)
		}
		in = p.joined
	}
	if p.live.recording != nil {
		in = &tap{in, p.live.recording}
	}
	p.lane = newLane(in, dec, env)
	p.lane.maxDrain = drain
	p.lane.told = p.publish
	p.meters.add(env, "refused_exporters", &p.counts.Refused)
	p.meters.add(env, "truncated_datagrams", &p.counts.Truncated)
	p.meters.add(env, "abandoned_datagrams", &p.abandoned)
	if udp.KnowsDrops {
		p.meters.add(env, "kernel_drops", &p.counts.KernelDrops)
	}
	return nil
}

// Read fills b with flows.
func (p *part) Read(ctx context.Context, b *flow.Batch) error { return p.lane.Read(ctx, b) }

// Drain fills b with flows of what was received already.
func (p *part) Drain(ctx context.Context, b *flow.Batch) error { return p.lane.Drain(ctx, b) }

// lookEvery is after how many reads the kernel is asked for its counters.
const lookEvery = 16

// publish brings the counters of the sockets up to date now and then, and asks
// for the state to be saved when a template came.
func (p *part) publish() {
	if p.reads++; p.reads%lookEvery == 1 {
		p.look()
	}
	if s := p.live.state; s != nil {
		if n := p.lane.dec.netflow.Counters()[netflow.Templates]; n != p.templates {
			p.templates = n
			s.fresh.Store(true)
		}
	}
}

func (p *part) look() {
	p.counts = udp.Counts{}
	for _, s := range p.read {
		c := s.Counts()
		p.counts.Refused += c.Refused
		p.counts.Truncated += c.Truncated
		p.counts.KernelDrops += c.KernelDrops
	}
	if p.joined != nil {
		p.abandoned = p.joined.Abandoned()
	}
	p.meters.publish()
}

// stop ends the goroutines of a lane that reads several sockets.
func (p *part) stop() {
	if p.joined != nil {
		p.joined.Close()
	}
	if p.lane != nil {
		p.lane.abandon()
	}
}

// last takes over the counters of sockets that are closed.
func (p *part) last() {
	if p.lane != nil {
		p.look()
	}
}
