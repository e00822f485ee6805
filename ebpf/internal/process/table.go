//go:build linux

package process

import (
	"errors"
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// MaxSockets is the most sockets that a table remembers, those that were closed
// among them. It forgets the ones longest not in use.
const MaxSockets = 1 << 16

// Table is the sockets of the processes of a control group and those below. It is
// not safe for concurrent use.
type Table struct {
	maps  bpf.SocketsMaps
	links []io.Closer
	group group

	names      names
	containers containers
	resent     recent[uint64, *uint32] // by cookie, what was told
	cookie     uint64                  // what is looked up
	owner      bpf.SocketsOwner
}

// Open attaches the programs to a control group, the path of a directory; the root
// when it is empty. It needs CAP_BPF and CAP_NET_ADMIN. The error without a table
// tells why there is none; with a table it tells which programs the kernel refused,
// so that less is known.
func Open(path string) (*Table, error) {
	g, err := open(path)
	if err != nil {
		return nil, err
	}
	t := &Table{group: g, names: newNames(), containers: newContainers(g), resent: newRecent[uint64, *uint32](MaxSockets)}
	refused, err := t.attach()
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, refused
}

// attach loads the maps, and then program by program, so that one that is refused
// stops no other.
func (t *Table) attach() (refused, err error) {
	spec, err := bpf.LoadSockets()
	if err != nil {
		return nil, err
	}
	spec.Maps[bpf.SocketsMapOwners].MaxEntries = MaxSockets
	programs := spec.Programs
	spec.Programs = nil
	if err := spec.LoadAndAssign(&t.maps, nil); err != nil {
		return nil, fmt.Errorf("maps of sockets: %w", err)
	}
	shared := ebpf.CollectionOptions{MapReplacements: map[string]*ebpf.Map{
		bpf.SocketsMapChanges: t.maps.Changes,
		bpf.SocketsMapOwners:  t.maps.Owners,
		bpf.SocketsMapSockets: t.maps.Sockets,
	}}
	var errs []error
	for name, p := range programs {
		spec.Programs = map[string]*ebpf.ProgramSpec{name: p}
		if err := t.hook(spec, name, shared); err != nil {
			errs = append(errs, fmt.Errorf("program %s for sockets: %w", name, err))
		}
	}
	refused = errors.Join(errs...)
	if len(t.links) == 0 {
		return nil, refused
	}
	return refused, nil
}

// hook attaches the only program of a collection.
func (t *Table) hook(spec *ebpf.CollectionSpec, name string, shared ebpf.CollectionOptions) error {
	c, err := ebpf.NewCollectionWithOptions(spec, shared)
	if err != nil {
		return err
	}
	defer c.Close() // the link holds the program
	l, err := link.AttachCgroup(link.CgroupOptions{
		Path: t.group.dir, Attach: spec.Programs[name].AttachType, Program: c.Programs[name],
	})
	if err == nil {
		t.links = append(t.links, l)
	}
	return err
}

// Sockets returns the map that holds for each socket its owner.
func (t *Table) Sockets() *ebpf.Map { return t.maps.Sockets }

// Owners returns the map that holds the same by cookie, and for longer.
func (t *Table) Owners() *ebpf.Map { return t.maps.Owners }

// Changes returns the map that holds how often it changed which UDP socket receives
// what.
func (t *Table) Changes() *ebpf.Map { return t.maps.Changes }

// Close detaches the programs and lets go of the maps.
func (t *Table) Close() error {
	var errs []error
	for _, l := range t.links {
		errs = append(errs, l.Close())
	}
	return errors.Join(append(errs, t.maps.Close())...)
}
