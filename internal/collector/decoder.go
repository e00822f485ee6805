package collector

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/meter"
	"github.com/flowpipeline/pipeline/internal/netflow"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/sflow"
)

// maxNames bounds the names that the exporters of one lane can bring.
const maxNames = 1 << 16

// decoder makes flows of datagrams.
type decoder interface {
	Begin(payload []byte, from netip.AddrPort, received int64)
	Fill(b *flow.Batch) (done bool)
}

// Protocols says what is decoded, and how.
type Protocols struct {
	NetFlow *netflow.Config // nil for none
	SFlow   *sflow.Config   // nil for none
	// OnAgents is told once a minute and at the end what came from each sFlow agent
	// so far, on the goroutine of each lane; nil for nobody.
	OnAgents func([]sflow.Agent)
}

// decoders are those of one lane.
type decoders struct {
	netflow *netflow.Decoder // nil for none
	sflow   *sflow.Decoder   // nil for none

	sflowCounts sflow.Counts // as of the latest update
	agents      agentReport
}

// open makes the decoders of a lane. The lanes of a source share the store.
func (p *Protocols) open(store *netflow.Store, env pipeline.Env) (d decoders, err error) {
	if p.NetFlow != nil {
		if d.netflow, err = netflow.NewDecoder(store, *p.NetFlow, env.Symbols.Quota(maxNames), env.Layout); err != nil {
			return d, err
		}
	}
	if p.SFlow != nil {
		d.sflow = sflow.NewDecoder(*p.SFlow)
		d.agents.to = p.OnAgents
	}
	return d, nil
}

// check returns what is wrong with the configuration.
func (p *Protocols) check() error {
	if s := p.SFlow; s != nil {
		if err := s.Rates.Check(); err != nil {
			return err
		}
	}
	n := p.NetFlow
	if n == nil {
		return nil
	}
	if err := errors.Join(n.Rates.Check(), n.DefaultRates.Check()); err != nil {
		return err
	}
	switch {
	case n.MaxTemplates < 0:
		return fmt.Errorf("%d templates are below 0", n.MaxTemplates)
	case n.HoldFor < 0 || n.TemplateTTL < 0:
		return errors.New("a time to keep something is below 0")
	}
	return nil
}

// bind looks whether there are the fields that elements are mapped to.
func (p *Protocols) bind(layout *flow.Layout) error {
	if p.NetFlow == nil {
		return nil
	}
	var errs []error
	for _, m := range p.NetFlow.Extra {
		if _, ok := layout.Lookup(m.Field); !ok {
			errs = append(errs, fmt.Errorf("element %d of enterprise %d: there is no field %q", m.ID, m.PEN, m.Field))
		}
	}
	return errors.Join(errs...)
}

// meters returns the counters of the decoders, without those that the lane keeps
// itself.
func (d *decoders) meters(env pipeline.Env) (m meter.Set) {
	if d.netflow != nil {
		counters := d.netflow.Counters()
		for r := range netflow.NumReasons {
			if r != netflow.Datagrams && r != netflow.Flows {
				m.Add(env, r.String(), &counters[r])
			}
		}
	}
	if d.sflow != nil {
		counts := &d.sflowCounts
		for k := range sflow.Kinds {
			m.Add(env, k.String()+"_samples", &counts.Samples[k])
			m.Add(env, "lost_"+k.String()+"_samples", &counts.LostSamples[k])
		}
		m.Add(env, "counter_records", &counts.CounterRecords)
		m.Add(env, "lost_datagrams", &counts.LostDatagrams)
		m.Add(env, "late_datagrams", &counts.LateDatagrams)
		m.Add(env, "sequence_resets", &counts.Resets)
		m.Add(env, "untracked", &counts.Untracked)
		for r := range sflow.Reasons {
			m.Add(env, sflowCounter(r), &counts.Refused[r])
		}
		for r := packet.Accepted + 1; r < packet.Refusals; r++ {
			m.Add(env, "headers_"+r.String(), &counts.Headers[r])
		}
	}
	return m
}

// update takes over the counts that the meters read, and tells of the agents.
func (d *decoders) update(now int64) {
	if d.sflow != nil {
		d.sflowCounts = d.sflow.Counts()
		d.agents.tell(d.sflow, now)
	}
}

// refused returns how much was refused so far, and the latest example where the
// decoder has one.
func (d *decoders) refused() (n uint64, example string) {
	if d.netflow != nil {
		for r, count := range d.netflow.Counters() {
			if netflow.Reason(r).Refusal() {
				n += count
			}
		}
		if e := d.netflow.Latest(); e.Reason.Refusal() {
			example = e.String()
		}
	}
	if d.sflow != nil {
		for r, count := range d.sflowCounts.Refused {
			if sflow.Reason(r).Refusal() {
				n += count
			}
		}
		if e := d.sflow.Latest(); example == "" && e.Reason.Refusal() && n > 0 {
			example = e.String()
		}
	}
	return n, example
}

// sflowCounter is the name of what an sFlow decoder counts.
func sflowCounter(r sflow.Reason) string {
	if r.Refusal() {
		return "refused_" + r.String()
	}
	return r.String()
}
