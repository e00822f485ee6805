package sflow

import "github.com/flowpipeline/pipeline/flow"

// enter finds the agent of a datagram and takes its number.
func (d *Decoder) enter(key agentKey, sequence, uptime uint32) {
	a := d.agents.find(key, d.received)
	if a == nil {
		a = d.agents.add(key, d.config.Rates.Of(key.addr.Netip()), d.received)
	}
	if a == nil {
		d.counts.Untracked++
		d.stranger = agent{key: key, rate: d.config.Rates.Of(key.addr.Netip())}
		d.agent, d.followed = &d.stranger, false
		return
	}
	lost, o := a.numbers.follow(sequence, uptime)
	d.agent, d.followed = a, o != late
	a.counts.Datagrams++
	a.counts.LostDatagrams += uint64(lost)
	d.counts.LostDatagrams += uint64(lost)
	switch o {
	case late:
		a.counts.LateDatagrams++
		d.counts.LateDatagrams++
	case restarted:
		d.reset()
		d.agents.forgetSources(a)
	}
}

// follow takes the number of a sample, also of one that is refused: it is not
// missing.
func (d *Decoder) follow(k Kind, class, index, sequence uint32) {
	if !d.followed {
		return
	}
	s, fresh := d.agents.source(d.agent, keyOf(k, class, index))
	if s == nil {
		d.counts.Untracked++
		return
	}
	lost, reset := s.follow(sequence, fresh)
	if lost > 0 {
		d.counts.LostSamples[k] += uint64(lost)
		d.agent.counts.LostSamples[k] += uint64(lost)
	}
	if reset {
		d.reset()
	}
}

// count counts a sample.
func (d *Decoder) count(k Kind) {
	d.counts.Samples[k]++
	d.agent.counts.Samples[k]++
}

// reset counts numbers that began anew.
func (d *Decoder) reset() {
	d.counts.Resets++
	d.agent.counts.Resets++
}

// refuse counts something that was refused of the agent's datagram.
func (d *Decoder) refuse(r Reason) {
	d.counts.Refused[r]++
	d.agent.counts.Refused[r]++
	if r.Refusal() {
		d.latest = Example{Reason: r, Agent: d.agent.key.addr, SubAgent: d.agent.key.subAgent}
	}
}

// refuseFrom counts a datagram that was refused before its agent was known.
func (d *Decoder) refuseFrom(r Reason, sender flow.Addr) {
	d.counts.Refused[r]++
	d.latest = Example{Reason: r, Agent: sender}
}

// Agents returns what came from each agent that is known.
func (d *Decoder) Agents() []Agent {
	list := make([]Agent, 0, len(d.agents.byKey))
	for key, a := range d.agents.byKey {
		list = append(list, Agent{key.addr, key.subAgent, a.counts})
	}
	return list
}
