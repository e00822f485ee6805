package netflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
)

// Export is a sink that exports flows to the collector at target:
//
//	netflow9://host:port    NetFlow v9 over UDP, port 2055 if none is given
//	ipfix://host:port       IPFIX over UDP, port 4739
//	ipfix+tcp://host:port   IPFIX over TCP, port 4739
//
// The host is looked up when the pipeline opens, and over TCP must then be
// reachable. With several lanes writes take turns.
func Export(target string, opts ...Option) pipeline.Sink {
	return pipeline.NewSink(target, func() (pipeline.Sink, error) {
		c, err := newConfig(target, opts)
		if err != nil {
			return nil, err
		}
		return &exporter{config: c, link: link{network: c.proto.network, address: c.address}}, nil
	})
}

// exporter is the sink.
type exporter struct {
	config
	templates *templates
	samplers  *samplers // nil if records tell their sampling themselves
	encoder   encoder
	msg       *message
	link      link
	meters    meters

	told  int64 // when templates were sent [ns since the epoch]
	stale bool  // they must be sent again

	// The batch.
	at    int // selected row that comes next
	first int // selected row that is the first of the message
}

type meters struct {
	datagrams, bytes, records, templates, options *pipeline.Counter
	refused, strays, cut, samplers, reconnects    *pipeline.Counter
}

// Bind implements pipeline.Binder.
func (s *exporter) Bind(l *flow.Layout) error {
	version := s.proto.version
	names := s.fields
	if !s.chosen {
		names = usual(version)
	}
	cols, err := bind(l, version, names)
	if err != nil {
		return err
	}
	own := slices.ContainsFunc(cols, func(c column) bool {
		return c.field == flow.FieldSamplingRate || c.field == flow.FieldSamplerID
	})
	if !own {
		e := element{flow.IE{ID: ieSamplerID}, 1}
		cols = append(cols, column{op: opSampler, v4: e, v6: e})
	}
	if s.templates, err = newTemplates(version, !s.chosen, cols); err != nil {
		return err
	}
	s.msg = newMessage(version, s.domain, s.mtu)
	if !own {
		s.samplers = newSamplers(version, s.templates.options())
	}
	all := s.templates.made[1] // IPv6 takes the most
	if need := max(all.size, len(all.wire)); !s.msg.fits(need) {
		return fmt.Errorf("an MTU of %d is too small for records or templates of %d bytes", s.mtu, need)
	}
	return nil
}

// Open implements pipeline.Opener.
func (s *exporter) Open(ctx context.Context, env pipeline.Env) error {
	s.meters = meters{
		datagrams: env.Counter("datagrams"), bytes: env.Counter("bytes"), records: env.Counter("records"),
		templates: env.Counter("templates"), options: env.Counter("options_records"),
		refused: env.Counter("refused_records"), strays: env.Counter("times_out_of_range"),
		cut: env.Counter("labels_cut"), samplers: env.Counter("samplers_refused"), reconnects: env.Counter("reconnects"),
	}
	s.stale = true
	_, err := s.link.ready(ctx)
	return err
}

// Close implements pipeline.Closer.
func (s *exporter) Close(context.Context) error {
	s.link.drop()
	return nil
}

var errTooLong = errors.New("the record does not fit in a message")

// Write implements pipeline.Sink.
func (s *exporter) Write(ctx context.Context, b *flow.Batch) error {
	flows, rows := b.Raw()
	if len(rows) == 0 {
		return nil
	}
	defer s.count()
	s.at, s.first = 0, 0
	var refused []uint16
	err := s.begin(ctx, b.Now())
	if err == nil {
		defer s.link.watch(ctx)()
	}
	for ; err == nil && s.at < len(rows); s.at++ {
		r := rows[s.at]
		if err = s.put(b, &flows[r]); err == errTooLong {
			refused, err = append(refused, r), nil
		}
	}
	if err == nil {
		err = s.flush()
	}
	if err == nil {
		if refused == nil {
			return nil
		}
		return &flow.PartialError{Rows: refused, Err: errTooLong}
	}
	// What the collector has missed is unknown: begin anew with templates.
	s.msg.reset()
	s.stale = true
	if ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	failed := slices.DeleteFunc(refused, func(r uint16) bool { return r >= rows[s.first] })
	return &flow.PartialError{Rows: append(failed, rows[s.first:]...), Err: err}
}

// count moves what the encoder counted to the counters.
func (s *exporter) count() {
	s.meters.strays.Add(s.encoder.clock.strays)
	s.meters.cut.Add(s.encoder.cut)
	s.encoder.clock.strays, s.encoder.cut = 0, 0
	if s.samplers != nil {
		s.meters.samplers.Add(s.samplers.refused)
		s.samplers.refused = 0
	}
}

// begin connects, and announces templates and samplers when it is time.
func (s *exporter) begin(ctx context.Context, now int64) error {
	fresh, err := s.link.ready(ctx)
	if err != nil {
		return err
	}
	if fresh {
		s.meters.reconnects.Add(1)
		s.msg.sequence = 0
		s.stale = true
	}
	s.encoder.clock.set(now)
	if !s.stale && now >= s.told && time.Duration(now-s.told) < s.every {
		return nil
	}
	s.stale, s.told = false, now
	for _, t := range s.templates.made {
		t.sent = false
	}
	for _, t := range s.templates.made {
		if err := s.announce(t); err != nil {
			return err
		}
	}
	if s.samplers != nil {
		s.samplers.forget()
		return s.announceSamplers()
	}
	return nil
}

// put adds a flow to the message.
func (s *exporter) put(b *flow.Batch, fl *flow.Flow) error {
	t := s.templates.of(b, fl)
	if !t.sent {
		if err := s.announce(t); err != nil {
			return err
		}
	}
	if s.samplers != nil {
		id, fresh := s.samplers.of(fl)
		if s.encoder.sampler = id; fresh {
			if err := s.announceSamplers(); err != nil {
				return err
			}
		}
	}
	if !s.msg.room(t.id, t.size) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	n, ok := s.encode(t, b, fl)
	if !ok && s.msg.count > 0 && t.varies {
		// Perhaps it fits in a message of its own.
		if err := s.flush(); err != nil {
			return err
		}
		n, ok = s.encode(t, b, fl)
	}
	if !ok {
		s.meters.refused.Add(1)
		return errTooLong
	}
	s.msg.n += n
	s.msg.count++
	s.msg.data++
	s.msg.flows++
	return nil
}

// encode writes the record of a flow behind the message; false if it does not fit.
func (s *exporter) encode(t *template, b *flow.Batch, fl *flow.Flow) (int, bool) {
	n, ok := s.encoder.record(t, b, fl, s.msg.open(t.id, t.size < 4))
	return n, ok && s.msg.n+n <= s.msg.limit
}

// announce sends a template.
func (s *exporter) announce(t *template) error {
	if err := s.appendTemplate(t.wire, setTemplateV9, setTemplate); err != nil {
		return err
	}
	t.sent = true
	return nil
}

// announceSamplers sends the rates of the samplers that were not sent yet.
func (s *exporter) announceSamplers() error {
	v := s.samplers
	for ; v.told < len(v.rates); v.told++ {
		if !v.tsent {
			if err := s.appendTemplate(v.template, setOptionsV9, setOptions); err != nil {
				return err
			}
			v.tsent = true
		}
		const most = 10
		if !s.msg.room(v.tid, most) {
			if err := s.flush(); err != nil {
				return err
			}
		}
		p := s.msg.open(v.tid, false)
		s.msg.n += len(v.append(s.domain, v.told, p[:0]))
		s.msg.count++
		s.msg.data++
	}
	return nil
}

// appendTemplate adds a template record to a set of templates.
func (s *exporter) appendTemplate(wire []byte, setV9, set uint16) error {
	if s.msg.version == v9 {
		set = setV9
	}
	if !s.msg.room(set, len(wire)) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.msg.n += copy(s.msg.open(set, false), wire)
	s.msg.count++
	s.msg.templates++
	return nil
}

// flush sends the message.
func (s *exporter) flush() error {
	m := s.msg
	p := m.bytes(&s.encoder.clock)
	if p == nil {
		return nil
	}
	if err := s.link.write(p); err != nil {
		return err
	}
	s.meters.datagrams.Add(1)
	s.meters.bytes.Add(uint64(len(p)))
	s.meters.records.Add(uint64(m.flows))
	s.meters.templates.Add(uint64(m.templates))
	s.meters.options.Add(uint64(m.data - m.flows))
	m.sent()
	s.first = s.at
	return nil
}
