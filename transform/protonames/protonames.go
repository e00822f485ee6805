package protonames

import (
	"context"
	"slices"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Protocols returns a transform that sets the names of flows' IP protocols.
func Protocols() pipeline.Transform {
	return pipeline.NewTransform("protocols", func() (pipeline.Transform, error) { return new(protocolNames), nil })
}

// Services returns a transform that sets the names of the services that flows'
// ports are meant for.
func Services() pipeline.Transform {
	return pipeline.NewTransform("services", func() (pipeline.Transform, error) { return new(serviceNames), nil })
}

// names gives names symbols, and counts.
type names struct {
	symbols                 *flow.Symbols
	named, unnamed, refused *pipeline.Counter
}

func newNames(env pipeline.Env) names {
	return names{env.Symbols, env.Counter("named"), env.Counter("unnamed"), env.Counter("refused_names")}
}

// symbol returns the symbol of a name, and 0 for none.
func (n *names) symbol(name string) flow.Symbol {
	s := n.symbols.Intern(name)
	if s == 0 && name != "" {
		n.refused.Add(1)
	}
	return s
}

// count counts the flows of a batch of which some got a name.
func (n *names) count(b *flow.Batch, named uint64) {
	n.named.Add(named)
	n.unnamed.Add(uint64(b.Len()) - named)
}

type protocolNames struct {
	names
	byNumber [256]flow.Symbol
}

// Concurrent implements pipeline.Concurrent.
func (p *protocolNames) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (p *protocolNames) Open(_ context.Context, env pipeline.Env) error {
	p.names = newNames(env)
	for n := range p.byNumber {
		p.byNumber[n] = p.symbol(flow.ProtocolName(uint8(n)))
	}
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (p *protocolNames) Process(_ context.Context, b *flow.Batch) error {
	named := uint64(0)
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		if name := p.byNumber[fl.Proto]; name != 0 && fl.Has(flow.FieldProto) {
			b.SetProtoName(fl, name)
			named++
		}
	}
	p.count(b, named)
	return nil
}

type serviceNames struct {
	names
	byPort map[port]flow.Symbol
	known  [1 << 16 / 64]uint64 // ports, whatever the protocol: a bit each
}

// port is a port of a transport protocol.
type port struct {
	proto  uint8
	number uint16
}

// Concurrent implements pipeline.Concurrent.
func (s *serviceNames) Concurrent() bool { return true }

// Open implements pipeline.Opener.
func (s *serviceNames) Open(_ context.Context, env pipeline.Env) error {
	s.names = newNames(env)
	s.byPort = make(map[port]flow.Symbol)
	for _, of := range services {
		name := s.symbol(of.name)
		for _, proto := range []uint8{tcp, udp, sctp} {
			if of.protos == nil || slices.Contains(of.protos, proto) {
				s.byPort[port{proto, of.port}] = name
				s.known[of.port/64] |= 1 << (of.port % 64)
			}
		}
	}
	return nil
}

// Process implements pipeline.Transform. It neither waits nor allocates.
func (s *serviceNames) Process(_ context.Context, b *flow.Batch) error {
	named := uint64(0)
	flows, rows := b.Raw()
	for _, i := range rows {
		fl := &flows[i]
		if b.Has(fl, flow.FieldAppName) {
			continue
		}
		name := s.of(fl.Proto, fl.DstPort)
		if name == 0 {
			name = s.of(fl.Proto, fl.SrcPort)
		}
		if name != 0 {
			b.SetAppName(fl, name)
			named++
		}
	}
	s.count(b, named)
	return nil
}

// of returns the name of a port, and 0 where there is none.
func (s *serviceNames) of(proto uint8, number uint16) flow.Symbol {
	if s.known[number/64]>>(number%64)&1 == 0 {
		return 0
	}
	return s.byPort[port{proto, number}]
}
