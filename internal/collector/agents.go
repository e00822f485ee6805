package collector

import "github.com/flowpipeline/pipeline/internal/sflow"

// agentReport tells what came from each sFlow agent, once in a while.
type agentReport struct {
	to   func([]sflow.Agent) // nil for nobody
	next int64               // when it is told again, by the pipeline's clock
}

func (r *agentReport) tell(d *sflow.Decoder, now int64) {
	switch {
	case r.to == nil:
		return
	case now == final:
	case r.next == 0:
		r.next = now + reportEvery
		return
	case now < r.next:
		return
	default:
		r.next = now + reportEvery
	}
	r.to(d.Agents())
}
