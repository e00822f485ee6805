package ebpf

import (
	"errors"
	"fmt"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf/internal/kernel"
	"github.com/flowpipeline/pipeline/ebpf/internal/process"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/flowtable"
	"github.com/flowpipeline/pipeline/internal/netns"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// processes tells flows the processes of their local sockets.
type processes struct {
	table  *process.Table
	local  *process.Local
	quota  *flow.Quota
	owners flowtable.Owner
}

// openProcesses has the kernel note the owners of sockets. Without that there are
// flows too, so that it returns nil, and the log tells why.
func (s *source) openProcesses(env pipeline.Env) *processes {
	if !s.c.processes {
		return nil
	}
	p, err := newProcesses(s.c.cgroup, s.namespace, env)
	if p == nil {
		s.untold(env, "processes are not told", err)
		return nil
	}
	if err != nil {
		s.untold(env, "not all processes are told", err)
	}
	return p
}

// untold says once why flows tell no processes, or not all: another method may fail
// for the same reason.
func (s *source) untold(env pipeline.Env, what string, err error) {
	if s.counters.unattributed++; s.counters.unattributed == 1 {
		env.Logger.Warn(what, "error", err)
	}
}

// newProcesses returns what tells the processes of a control group; with an error
// when that does not tell all.
func newProcesses(cgroup string, n *netns.Namespace, env pipeline.Env) (*processes, error) {
	table, refused := process.Open(cgroup)
	if table == nil {
		return nil, refused
	}
	p := &processes{table: table, quota: env.Symbols.Quota(maxNames)}
	if err := n.Do(func() (err error) {
		p.local, err = process.NewLocal()
		return err
	}); err != nil {
		return nil, errors.Join(err, table.Close())
	}
	found, err := table.Earlier()
	env.Logger.Debug("sockets that were there", "sockets", found)
	if err != nil {
		err = fmt.Errorf("sockets that were there: %w", err)
	}
	return p, errors.Join(refused, err)
}

// attribution is what the programs that count need.
func (p *processes) attribution() *kernel.Attribution {
	return &kernel.Attribution{Sockets: p.table.Sockets(), Owners: p.table.Owners(), Changes: p.table.Changes()}
}

// of returns the owner of the sockets of an entry, nil when there are none.
func (p *processes) of(e *kernel.Entry) *flowtable.Owner {
	s := &e.Sockets
	cookies := s.Cookies()
	if len(cookies) == 0 && !s.More {
		return nil
	}
	if s.Wildcard && e.Key.Has&packet.KeyIngress != 0 && !p.local.Has(e.Key.Dst) {
		return nil // the packets pass the host
	}
	p.owners = flowtable.Owner{Several: s.More}
	for _, cookie := range cookies {
		o, ok := p.table.Of(cookie)
		if !ok { // another process's, whoever that is
			p.owners.Several = true
			continue
		}
		more := flowtable.Owner{PID: o.PID, UID: o.UID, Cgroup: o.Cgroup}
		if o.RTT > 0 {
			more.Socket = cookie
		}
		if name := p.table.Name(&o); len(name) > 0 {
			more.Name, _ = p.quota.Intern(name)
		}
		p.table.Container(o.Cgroup) // while it is there
		p.owners.Merge(&more)
	}
	return &p.owners
}

// tell writes what is known of the owner of a flow.
func (p *processes) tell(b *flow.Batch, fl *flow.Flow, owner *flowtable.Owner) {
	b.SetPID(fl, owner.PID)
	b.SetUID(fl, owner.UID)
	b.SetCgroupID(fl, owner.Cgroup)
	if owner.Name != 0 {
		b.SetProcessName(fl, owner.Name)
	}
	if id := p.table.Container(owner.Cgroup); id != "" {
		b.SetContainer(fl, id)
	}
	if owner.Socket == 0 {
		return
	}
	o, ok := p.table.Of(owner.Socket)
	if !ok {
		return // forgotten meanwhile
	}
	b.SetRTT(fl, uint64(o.RTT))
	if fl.Direction == flow.DirectionEgress {
		b.SetRetransmits(fl, uint64(p.table.Resent(&o)))
	}
}

// forget has addresses be looked at anew.
func (p *processes) forget() {
	if p != nil {
		p.local.Forget()
	}
}

func (p *processes) Close() error {
	if p == nil {
		return nil
	}
	p.local.Close()
	return p.table.Close()
}
