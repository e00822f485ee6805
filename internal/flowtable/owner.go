package flowtable

import "github.com/flowpipeline/pipeline/flow"

// Owner is the process whose socket the packets of a flow belong to.
type Owner struct {
	PID, UID uint32 // no PID for a process that is not known
	Cgroup   uint64
	Name     flow.Symbol // 0 for not known
	Socket   uint64      // cookie of the latest socket of a connection; 0 for none
	// Several is true where packets belong to several processes, so that the rest
	// says nothing of the flow.
	Several bool
}

// Known reports whether it is one process that is known.
func (o *Owner) Known() bool { return o.PID != 0 && !o.Several }

// Merge adds packets of another socket's owner.
func (o *Owner) Merge(more *Owner) {
	several := o.Several || more.Several ||
		o.PID != 0 && more.PID != 0 && (o.PID != more.PID || o.Cgroup != more.Cgroup)
	socket := o.Socket
	if more.PID != 0 {
		*o = *more
	}
	if o.Socket == 0 {
		o.Socket = socket
	}
	o.Several = several
}
