package rpki

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/internal/vrp"
)

// database puts together what the sources tell.
type database struct {
	table atomic.Pointer[vrp.Table] // nil while something is missing
	ready chan struct{}             // closed once there is a table
	once  sync.Once

	vrps, reloads *pipeline.Counter

	mu      sync.Mutex
	sets    []vrp.Set // by source; those that never change last
	missing []bool    // by source
	slurm   *vrp.SLURM
	awaits  bool // the first SLURM
}

func newDatabase(env pipeline.Env, sources int, data []vrp.Set, slurm bool) *database {
	d := &database{
		ready: make(chan struct{}),
		vrps:  env.Counter("vrps"), reloads: env.Counter("reloads"),
		sets: append(make([]vrp.Set, sources), data...), missing: make([]bool, sources),
		awaits: slurm,
	}
	for i := range d.missing {
		d.missing[i] = true
	}
	d.rebuild()
	return d
}

// tell takes over the VRPs of a source, or that it has none any more.
func (d *database) tell(source int, set vrp.Set, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sets[source], d.missing[source] = set, !ok
	d.rebuild()
}

// except takes over local exceptions.
func (d *database) except(s *vrp.SLURM) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slurm, d.awaits = s, false
	d.rebuild()
}

// rebuild makes another table and puts it in place.
func (d *database) rebuild() {
	if d.awaits || slices.Contains(d.missing, true) {
		d.table.Store(nil)
		d.show(0)
		return
	}
	set := vrp.Union(d.sets...)
	if d.slurm != nil {
		set = d.slurm.Apply(set)
	}
	d.table.Store(vrp.NewTable(set))
	d.show(len(set))
	d.reloads.Add(1)
	d.once.Do(func() { close(d.ready) })
}

// show sets the counter of VRPs.
func (d *database) show(n int) { d.vrps.Add(uint64(n) - d.vrps.Load()) }
