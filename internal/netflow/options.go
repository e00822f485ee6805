package netflow

import (
	"github.com/flowpipeline/pipeline/flow"
)

// maxOptionText bounds a name that options data gives.
const maxOptionText = 256

// name is a text and its symbol, which is 0 as long as there is no decoder.
type name struct {
	text   string
	symbol flow.Symbol
}

// port is what is known of an interface.
type port struct {
	name, desc name
	rate       uint32
}

// optionsData is what options data told of one domain.
type optionsData struct {
	rate     uint32            // of no sampler in particular
	samplers map[uint32]uint32 // rate by sampler or selector id
	ports    map[uint32]port   // by ifIndex
	rated    bool              // some of ports have a rate
	vrfs     map[uint32]name
	apps     map[uint64]name
	initMs   int64 // system init time [ms since the epoch], 0 if unknown
}

// len returns how many entries there are.
func (o *optionsData) len() int { return len(o.samplers) + len(o.ports) + len(o.vrfs) + len(o.apps) }

// bind gives the texts their symbols.
func (o *optionsData) bind(symbols *flow.Quota) {
	for k, p := range o.ports {
		p.name.bind(symbols)
		p.desc.bind(symbols)
		o.ports[k] = p
	}
	for k, n := range o.vrfs {
		n.bind(symbols)
		o.vrfs[k] = n
	}
	for k, n := range o.apps {
		n.bind(symbols)
		o.apps[k] = n
	}
}

func (n *name) bind(symbols *flow.Quota) { n.symbol, _ = symbols.Intern([]byte(n.text)) }

// optionsRecord is what one options data record says.
type optionsRecord struct {
	sampling
	sampler    uint32
	hasSampler bool
	ifIndex    uint32
	hasIf      bool
	vrfs       [2]uint32
	vrfCount   int
	app        uint64
	hasApp     bool
	initMs     int64

	ifName, ifDesc, vrfName, appName []byte
}

// scopeInterface is the scope type of interfaces in NetFlow v9 (RFC 3954 6.1).
const scopeInterface = 2

// read takes one field of the record.
func (r *optionsRecord) read(f *field, scope, v9 bool, v []byte) {
	if v9 && scope {
		// Scope types are numbered apart from field types. Of an interface
		// the index is meant, of anything else nothing is needed.
		if f.id == scopeInterface && len(v) > 0 {
			r.ifIndex, r.hasIf = narrow(v), true
		}
		return
	}
	if f.pen != 0 || len(v) == 0 {
		return
	}
	switch f.id {
	case ieSamplerID, ieSelectorID:
		if !r.hasSampler {
			r.sampler = narrow(v)
		}
		r.hasSampler = true
	case ieIngressInterface, ieEgressInterface:
		r.ifIndex, r.hasIf = narrow(v), true
	case ieIngressVRF, ieEgressVRF:
		if r.vrfCount < len(r.vrfs) {
			r.vrfs[r.vrfCount] = narrow(v)
			r.vrfCount++
		}
	case ieAppID:
		r.app, r.hasApp = appID(v), true
	case ieSystemInit:
		r.initMs = int64(number(v))
	case ieInterfaceName:
		r.ifName = trim(v)
	case ieInterfaceDescription:
		r.ifDesc = trim(v)
	case ieVRFName:
		r.vrfName = trim(v)
	case ieAppName:
		r.appName = trim(v)
	default:
		r.sampling.read(f.id, v)
	}
}

// learn keeps what an options data record says. The exporter is locked.
func (d *Decoder) learn(o *optionsData, r *optionsRecord) {
	if r.initMs > 0 {
		o.initMs = r.initMs
	}
	if rate, ok := r.rate(); ok {
		switch {
		case r.hasSampler:
			put(d, &o.samplers, r.sampler, rate)
		case r.hasIf:
			p := o.ports[r.ifIndex]
			p.rate = rate
			put(d, &o.ports, r.ifIndex, p)
			o.rated = true
		default:
			o.rate = rate
		}
	}
	if r.hasIf && (len(r.ifName) > 0 || len(r.ifDesc) > 0) {
		p := o.ports[r.ifIndex]
		named, described := d.rename(&p.name, r.ifName), d.rename(&p.desc, r.ifDesc)
		if named || described {
			put(d, &o.ports, r.ifIndex, p)
		}
	}
	for _, vrf := range r.vrfs[:r.vrfCount] {
		n := o.vrfs[vrf]
		if d.rename(&n, r.vrfName) {
			put(d, &o.vrfs, vrf, n)
		}
	}
	if r.hasApp {
		n := o.apps[r.app]
		if d.rename(&n, r.appName) {
			put(d, &o.apps, r.app, n)
		}
	}
}

// put keeps an entry if there is room.
func put[K comparable, V any](d *Decoder, m *map[K]V, k K, v V) {
	if _, ok := (*m)[k]; !ok {
		if !take(&d.store.options, 1, d.store.cfg.MaxTemplates*optionsPerTemplate) {
			d.counters[OptionsFull]++
			return
		}
		if *m == nil {
			*m = map[K]V{}
		}
	}
	(*m)[k] = v
}

// rename reports whether text is another name than n has, and if so takes it.
func (d *Decoder) rename(n *name, text []byte) bool {
	if len(text) == 0 || n.text == string(text) {
		return false
	}
	if len(text) > maxOptionText {
		d.counters[TextsRefused]++
		return false
	}
	symbol, ok := d.symbols.Intern(text)
	if !ok {
		d.counters[TextsRefused]++
		return false
	}
	*n = name{string(text), symbol}
	return true
}
