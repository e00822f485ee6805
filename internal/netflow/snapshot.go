package netflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/flowpipeline/pipeline/flow"
)

// snapshotVersion is raised when what a snapshot means changes. Older ones are
// still read: version 1 had no sequence numbers, and nothing of v5 and v7.
const snapshotVersion = 2

// snapshot is the form that Snapshot writes, as JSON.
type snapshot struct {
	Version int           `json:"version"`
	Domains []domainState `json:"domains"`
}

type domainState struct {
	Exporter netip.Addr      `json:"exporter"`
	Port     uint16          `json:"port,omitempty"`
	Protocol uint16          `json:"protocol"` // version in the header
	Domain   uint32          `json:"domain"`
	Seen     int64           `json:"seen"`
	Next     *uint32         `json:"next_sequence,omitempty"` // nil if unknown
	Set      []templateState `json:"templates,omitempty"`
	Held     []heldState     `json:"held,omitempty"`

	Rate     uint32               `json:"rate,omitempty"`
	Samplers map[uint32]uint32    `json:"samplers,omitempty"`
	Ports    map[uint32]portState `json:"interfaces,omitempty"`
	VRFs     map[uint32]string    `json:"vrfs,omitempty"`
	Apps     map[uint64]string    `json:"applications,omitempty"`
	InitMs   int64                `json:"system_init_ms,omitempty"`
}

type templateState struct {
	ID      uint16 `json:"id"`
	Options bool   `json:"options,omitempty"`
	Used    int64  `json:"used"`
	Wire    []byte `json:"definition"`
}

type portState struct {
	Name string `json:"name,omitempty"`
	Desc string `json:"description,omitempty"`
	Rate uint32 `json:"rate,omitempty"`
}

type heldState struct {
	Template uint16 `json:"template"`
	Received int64  `json:"received"`
	ExportMs int64  `json:"export_ms"`
	Sequence uint32 `json:"sequence"`
	Uptime   uint32 `json:"uptime"`
	Data     []byte `json:"data"`
}

// Snapshot writes what the store knows, templates, options data, the data that
// waits for its template, and where sequence numbers are, for a Load after a
// restart. What sessions told ends with them, and is left out. Decoders may go on
// meanwhile: each exporter is written as it is at one moment.
func (s *Store) Snapshot(w io.Writer) error {
	snap := snapshot{Version: snapshotVersion}
	s.mu.RLock()
	exporters := make([]*exporter, 0, len(s.exporters))
	for _, e := range s.exporters {
		if e.key.session == 0 {
			exporters = append(exporters, e)
		}
	}
	s.mu.RUnlock()
	for _, e := range exporters {
		e.mu.RLock()
		for _, d := range e.domains {
			snap.Domains = append(snap.Domains, e.state(d))
		}
		e.mu.RUnlock()
	}
	return json.NewEncoder(w).Encode(&snap)
}

func (e *exporter) state(d *domain) domainState {
	o := &d.options
	st := domainState{
		Exporter: e.addr, Port: e.key.port, Protocol: e.key.version, Domain: d.id, Seen: d.seen,
		Rate: o.rate, InitMs: o.initMs,
		Samplers: make(map[uint32]uint32, len(o.samplers)),
		Ports:    make(map[uint32]portState, len(o.ports)),
		VRFs:     make(map[uint32]string, len(o.vrfs)),
		Apps:     make(map[uint64]string, len(o.apps)),
	}
	if d.sequence.known {
		next := d.sequence.next
		st.Next = &next
	}
	for _, t := range d.templates {
		st.Set = append(st.Set, templateState{t.id, t.options, t.used, t.wire})
	}
	for _, h := range d.held {
		st.Held = append(st.Held, heldState{h.template, h.header.received, h.header.exportMs, h.header.sequence, h.header.uptime, h.data})
	}
	for k, v := range o.samplers {
		st.Samplers[k] = v
	}
	for k, v := range o.ports {
		st.Ports[k] = portState{v.name.text, v.desc.text, v.rate}
	}
	for k, v := range o.vrfs {
		st.VRFs[k] = v.text
	}
	for k, v := range o.apps {
		st.Apps[k] = v.text
	}
	return st
}

// Load adds what Snapshot wrote to a store that has no decoders yet. What does
// not fit in the store's bounds or is no template is left out, and told in the
// error; the rest is loaded.
func (s *Store) Load(r io.Reader) error {
	var snap snapshot
	if err := json.NewDecoder(r).Decode(&snap); err != nil {
		return fmt.Errorf("netflow state: %w", err)
	}
	if snap.Version < 1 || snap.Version > snapshotVersion {
		return fmt.Errorf("netflow state: version %d, not 1 to %d", snap.Version, snapshotVersion)
	}
	s.mu.RLock()
	bound := s.bound
	s.mu.RUnlock()
	if bound {
		return errors.New("netflow state: loaded after a decoder was made")
	}
	left := 0
	for i := range snap.Domains {
		left += s.loadDomain(&snap.Domains[i])
	}
	if left > 0 {
		return fmt.Errorf("netflow state: %d entries left out", left)
	}
	return nil
}

// loadDomain adds a domain, and returns how many of its parts it left out.
func (s *Store) loadDomain(st *domainState) (left int) {
	templated := false
	switch st.Protocol {
	case versionV9, versionIPFIX:
		templated = true
	case versionV5, versionV7:
	default:
		return 1
	}
	if !st.Exporter.IsValid() {
		return 1
	}
	e := s.exporter(exporterKey{addr: flow.AddrFrom(st.Exporter), port: st.Port, version: st.Protocol}, st.Exporter)
	if e == nil {
		return 1
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d := s.domain(e, st.Domain)
	if d == nil {
		return 1
	}
	d.seen = st.Seen
	e.seen = max(e.seen, st.Seen)
	if st.Next != nil {
		d.sequence = sequence{next: *st.Next, known: true, restored: true}
	}
	if !templated {
		return len(st.Set) + len(st.Held) + st.options()
	}
	for _, ts := range st.Set {
		if !s.loadTemplate(d, st.Protocol, ts) {
			left++
		}
	}
	for _, h := range st.Held {
		hd := header{h.Received, h.ExportMs, 0, h.Sequence, h.Uptime, st.Protocol == versionV9}
		if !s.hold(d, h.Template, hd, h.Data) {
			left++
		}
	}
	return left + s.loadOptions(&d.options, st)
}

// options is how many entries of options data there are.
func (st *domainState) options() int {
	return len(st.Samplers) + len(st.Ports) + len(st.VRFs) + len(st.Apps)
}

func (s *Store) loadTemplate(d *domain, version uint16, ts templateState) bool {
	wire := append([]byte{byte(ts.ID >> 8), byte(ts.ID)}, ts.Wire...)
	t, n, bad := parseTemplate(version, ts.Options, wire)
	if n != len(wire) || bad != 0 || !t.keep(version) {
		return false
	}
	t.used = ts.Used
	return s.define(d, t)
}

func (s *Store) loadOptions(o *optionsData, st *domainState) (left int) {
	entries := st.options()
	if o.len() > 0 || !take(&s.options, entries, s.cfg.MaxTemplates*optionsPerTemplate) {
		return entries
	}
	*o = optionsData{rate: st.Rate, initMs: st.InitMs, samplers: st.Samplers,
		ports: make(map[uint32]port, len(st.Ports)), vrfs: names(st.VRFs), apps: names(st.Apps)}
	if o.samplers == nil {
		o.samplers = map[uint32]uint32{}
	}
	for k, p := range st.Ports {
		o.ports[k] = port{name: bounded(p.Name), desc: bounded(p.Desc), rate: p.Rate}
		o.rated = o.rated || p.Rate != 0
	}
	return 0
}

// bounded is a name as options data could have given it.
func bounded(text string) name {
	if len(text) > maxOptionText {
		text = text[:maxOptionText]
	}
	return name{text: strings.Clone(text)}
}

func names[K comparable](texts map[K]string) map[K]name {
	m := make(map[K]name, len(texts))
	for k, text := range texts {
		m[k] = bounded(text)
	}
	return m
}
