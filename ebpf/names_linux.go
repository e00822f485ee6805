package ebpf

import (
	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/flow"
)

// maxNames bounds the names of interfaces that one run makes symbols of.
const maxNames = 4096

// names tells the names of interfaces, also of those that are gone.
type names struct {
	watch   *attach.Watch
	quota   *flow.Quota
	symbols map[uint32]flow.Symbol // by ifIndex
	told    uint64                 // what the watch had changed
}

func newNames(w *attach.Watch, s *flow.Symbols) *names {
	return &names{watch: w, quota: s.Quota(maxNames), symbols: map[uint32]flow.Symbol{}}
}

// of returns the name of an interface; 0 for not known.
func (n *names) of(index uint32) flow.Symbol {
	if changes := n.watch.Changes(); changes != n.told {
		n.told = changes
		for _, i := range n.watch.Interfaces() {
			n.symbols[uint32(i.Index)], _ = n.quota.Intern([]byte(i.Name))
		}
	}
	return n.symbols[index]
}
