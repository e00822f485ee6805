package collector

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/stream"
	"github.com/flowpipeline/pipeline/internal/udp"
)

// Config says what a live source receives and how.
type Config struct {
	Addresses  []Address // to listen at
	Protocols  Protocols
	Allow      []netip.Prefix // exporters that are listened to; none means everybody
	UDP        udp.Config     // of each address: buffer and sizes
	TCP        stream.Config  // of all addresses: TLS and limits
	Templates  string         // file for what is known of exporters; "" for none
	Record     string         // file for datagrams; "" for none
	Extensions []flow.Extender
	// Listening is told each address once it is open; nil for nobody.
	Listening func(netip.AddrPort)
}

// Live receives flow exports on sockets.
type Live struct {
	name  string
	c     Config
	lanes int

	store     *netflow.Store
	state     *state           // nil for none
	recording *recording       // nil for none
	sockets   [][]*udp.Socket  // by address, then by lane
	streams   *stream.Listener // nil for none
	parts     []*part
}

// NewLive returns a source, that opens nothing yet.
func NewLive(name string, c Config) (*Live, error) {
	if len(c.Addresses) == 0 {
		return nil, errors.New("no address to listen at")
	}
	c.UDP.Allow, c.TCP.Allow = c.Allow, c.Allow
	for _, a := range c.Addresses {
		if a.Transport != UDP {
			c.TCP.Addresses = append(c.TCP.Addresses, stream.Address{HostPort: a.HostPort, TLS: a.Transport == TLS})
		}
	}
	check := c.UDP
	check.Now = func() int64 { return 0 }
	if err := check.Check(); err != nil {
		return nil, err
	}
	if err := c.TCP.Check(); err != nil {
		return nil, err
	}
	if err := c.Protocols.check(); err != nil {
		return nil, err
	}
	group := func(a Address) bool { return a.Transport == UDP && udp.IsGroup(a.HostPort) }
	if c.UDP.Interface != "" && !slices.ContainsFunc(c.Addresses, group) {
		return nil, errors.New("an interface is given, but no address of a multicast group")
	}
	l := &Live{name: name, c: c, lanes: 1}
	l.parts = []*part{{live: l}}
	return l, nil
}

// Split has n lanes share the addresses, where the system can do that.
func (l *Live) Split(n int) ([]pipeline.Source, error) {
	if !udp.CanShare && len(l.c.TCP.Addresses) == 0 {
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
	var joined []*datagram.Joined
	for i, p := range l.parts {
		if err = p.open(i, env); err != nil {
			return err
		}
		joined = append(joined, p.joined)
	}
	if l.streams != nil {
		l.streams.Serve(joined)
	}
	return nil
}

// listen opens all addresses, of which those over TCP do not accept connections
// yet.
func (l *Live) listen(ctx context.Context, env pipeline.Env) (err error) {
	var streams []netip.AddrPort
	if len(l.c.TCP.Addresses) > 0 {
		c := l.c.TCP
		c.Now, c.Logger = wall(env), env.Logger
		if l.streams, err = stream.Listen(ctx, c); err != nil {
			return err
		}
		streams = l.streams.Addrs()
	}
	var all []netip.AddrPort
	for _, a := range l.c.Addresses {
		if a.Transport != UDP {
			env.Logger.Info("listening", "address", streams[0], "tls", a.Transport == TLS)
			all, streams = append(all, streams[0]), streams[1:]
			continue
		}
		at, err := l.listenUDP(ctx, a.HostPort, env)
		if err != nil {
			return err
		}
		all = append(all, at)
	}
	if l.c.Listening != nil {
		for _, at := range all {
			l.c.Listening(at)
		}
	}
	return nil
}

func (l *Live) listenUDP(ctx context.Context, hostPort string, env pipeline.Env) (netip.AddrPort, error) {
	c := l.c.UDP
	c.Address, c.Sockets, c.Now = hostPort, l.lanes, wall(env)
	sockets, err := udp.Listen(ctx, c)
	if err != nil {
		return netip.AddrPort{}, err
	}
	l.sockets = append(l.sockets, sockets)
	s := sockets[0]
	granted := s.ReceiveBuffer()
	env.Counter("receive_buffer_bytes").Add(uint64(granted * len(sockets)))
	env.Logger.Info("listening", "address", s.Addr(), "sockets", len(sockets), "receive_buffer", granted)
	if granted > 0 && c.Buffer > 0 && granted < c.Buffer {
		env.Logger.Warn("the receive buffer is smaller than asked for: raise net.core.rmem_max, or grant CAP_NET_ADMIN", "asked", c.Buffer, "granted", granted)
	}
	return s.Addr(), nil
}

// wall tells the pipeline's time in nanoseconds since the epoch.
func wall(env pipeline.Env) func() int64 {
	return func() int64 { return env.Clock.Now().UnixNano() }
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
	if l.streams != nil {
		l.streams.Close()
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
	l.sockets, l.streams, l.recording, l.state = nil, nil, nil, nil
	return err
}
