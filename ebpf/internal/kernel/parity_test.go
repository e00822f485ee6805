//go:build linux

package kernel

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// corpus is where real captures lie beside the project, if they do.
const corpus = "../../../../shared/corpus"

// maxFrame is the longest frame that the kernel takes for a test on all versions.
const maxFrame = 3000

// sum is what package packet says of a flow.
type sum struct {
	first          packet.Packet
	packets, bytes uint64
	flags          uint16
	minTTL, maxTTL uint8
}

// fragmentID is what the fragments of one packet have in common.
type fragmentID struct {
	packet.Key
	id uint32
}

// oracle sums up packets as package packet reads them.
type oracle struct {
	flows     map[packet.Key]*sum
	refused   [packet.Refusals]uint64
	fragments map[fragmentID]packet.Key
	unmatched uint64
}

func (o *oracle) add(frame []byte) {
	var p packet.Packet
	if r := packet.Parse(packet.LinkEthernet, frame, len(frame), &p); r != packet.Accepted {
		o.refused[r]++
		return
	}
	p.IfIndex, p.Direction = 1, packet.KeyIngress
	key := o.join(&p)
	s := o.flows[key]
	if s == nil {
		s = &sum{first: p, minTTL: p.TTL, maxTTL: p.TTL}
		o.flows[key] = s
	}
	s.packets++
	s.bytes += uint64(len(frame))
	s.flags |= p.TCPFlags
	s.first.Has |= p.Has & packet.HasTCPFlags
	s.minTTL, s.maxTTL = min(s.minTTL, p.TTL), max(s.maxTTL, p.TTL)
}

// join returns the key of the flow that a packet belongs to.
func (o *oracle) join(p *packet.Packet) packet.Key {
	key := p.Key()
	if !p.FirstFragment() && !p.LaterFragment() {
		return key
	}
	id := fragmentID{key, p.FragmentID}
	id.Ports, id.TOS, id.Proto = 0, 0, p.FragmentProto
	id.Has &^= packet.KeyPorts | packet.KeyICMP
	if p.FirstFragment() {
		o.fragments[id] = key
		return key
	}
	first, ok := o.fragments[id]
	if !ok {
		o.unmatched++
		return key
	}
	return first
}

// comparable leaves what the kernel tells of a flow's first packet.
func comparable(key packet.Key, s *sum) packet.Packet {
	p := s.first
	p.WireLen, p.IPLen, p.HeaderLen, p.PayloadLen, p.FragmentProto = 0, 0, 0, 0, 0
	p.Extra = packet.Extra{}
	p.TCPFlags = s.flags
	p.Proto, p.TOS = key.Proto, key.TOS // of the first fragment
	if key.Has&packet.KeyPorts != 0 {
		p.SrcPort, p.DstPort = uint16(key.Ports>>16), uint16(key.Ports)
	}
	return p
}

// gather empties a table: what it says of flows, and of their first frames.
func gather(t *testing.T, table *Table) (flows map[packet.Key]*sum, extras map[packet.Key]packet.Extra) {
	t.Helper()
	flows, extras = map[packet.Key]*sum{}, map[packet.Key]packet.Extra{}
	var e Entry
	add := func() {
		d := &e.Delta
		require.False(t, e.Packet.Any())
		e.Packet.Extra = packet.Extra{} // of a frame before
		require.Equal(t, [2]uint64{d.Packets, d.Bytes}, [2]uint64{d.StackPackets, d.StackBytes})
		s := flows[e.Key]
		if s == nil {
			s = &sum{first: e.Packet, minTTL: d.MinTTL, maxTTL: d.MaxTTL}
			flows[e.Key] = s
		}
		s.packets += d.Packets
		s.bytes += d.Bytes
		s.flags |= d.TCPFlags
		s.first.TCPFlags = s.flags
		s.minTTL, s.maxTTL = min(s.minTTL, d.MinTTL), max(s.maxTTL, d.MaxTTL)
	}
	table.drain.begin(table.objects.flows[table.live]) // nobody counts meanwhile
	for {
		ok, err := table.Next(&e)
		require.NoError(t, err)
		if !ok {
			break
		}
		add()
	}
	for {
		e.Packet.Extra = packet.Extra{} // whose unused elements are compared too
		kind, err := table.Event(time.Unix(1, 0), &e)
		require.NoError(t, err)
		switch kind {
		case None:
			return flows, extras
		case Packet:
			add()
		case Frame:
			if _, ok := extras[e.Key]; !ok && e.Packet.Any() {
				extras[e.Key] = e.Packet.Extra
			}
		}
	}
}

// runnable tells whether the kernel takes a frame for a test: it wants the whole IP
// header where the Ethernet type tells one.
func runnable(frame []byte) bool {
	least := 15
	if len(frame) >= least {
		switch binary.BigEndian.Uint16(frame[12:]) {
		case flow.EtherTypeIPv4:
			least = 14 + 20
		case flow.EtherTypeIPv6:
			least = 14 + 40
		}
	}
	return len(frame) >= least
}

// twins are the kernel and package packet, and what both know of first fragments.
type twins struct {
	table     *Table
	fragments map[fragmentID]packet.Key
}

func newTwins(t testing.TB, c Config) *twins {
	return &twins{open(t, c), map[fragmentID]packet.Key{}}
}

// agree runs frames through both, and compares what they say. It returns the number
// of frames.
func (w *twins) agree(t *testing.T, name string, frames iter.Seq[[]byte]) int {
	t.Helper()
	defer pin(t, 0)() // which packet is the first is only certain on one CPU
	table := w.table
	o := oracle{flows: map[packet.Key]*sum{}, fragments: w.fragments}
	before, err := table.Counts()
	require.NoError(t, err)
	n := 0
	for frame := range frames {
		if runnable(frame) {
			o.add(frame)
			run(t, table.Ingress(), frame)
			n++
		}
	}
	flows, extras := gather(t, table)
	require.Len(t, flows, len(o.flows), name)
	for key, want := range o.flows {
		got := flows[key]
		require.NotNil(t, got, "%s: %+v", name, key)
		require.Equal(t, comparable(key, want), got.first, name)
		if x := want.first.Extra; x.Any() {
			require.Equal(t, x, extras[key], name)
		}
		want.first, got.first = packet.Packet{}, packet.Packet{}
		require.Equal(t, want, got, name)
	}
	after, err := table.Counts()
	require.NoError(t, err)
	for r, want := range o.refused {
		require.Equal(t, want, after.Refused[r].Packets-before.Refused[r].Packets, "%s: %s", name, packet.Refusal(r))
	}
	require.Equal(t, o.unmatched, after.FragmentsUnmatched-before.FragmentsUnmatched, name)
	require.Zero(t, after.Lost)
	return n
}

// frames returns the Ethernet frames of a capture, up to where it is damaged.
func frames(t testing.TB, path string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		for r, rec := capture.NewReader(f), (capture.Record{}); ; {
			err := r.Next(&rec)
			var bad *capture.FormatError
			if err == io.EOF || errors.As(err, &bad) {
				return
			}
			require.NoError(t, err)
			if packet.LinkType(rec.LinkType) == packet.LinkEthernet && !yield(rec.Data[:min(len(rec.Data), maxFrame)]) {
				return
			}
		}
	}
}

// TestAgreesWithPacket compares the programs with package packet on every Ethernet
// capture of the project, and on the real ones beside it if they are there.
func TestAgreesWithPacket(t *testing.T) {
	w := newTwins(t, Config{MaxFlows: 1 << 12})
	roots := []string{"../../../testdata"}
	if _, err := os.Stat(corpus); err == nil && !testing.Short() {
		roots = append(roots, corpus)
	}
	files, n := 0, 0
	for _, root := range roots {
		require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if ext := filepath.Ext(path); err == nil && (ext == ".pcap" || ext == ".pcapng") {
				files++
				n += w.agree(t, path, frames(t, path))
			}
			return err
		}))
	}
	require.Greater(t, n, 100)
	t.Logf("%d captures, %d frames", files, n)
}

const crafted = "../../../testdata/crafted.pcap"

// TestAgreesOnDamagedFrames does the same with crafted frames that random bytes
// were changed in, that were cut short, and that have tags before them.
func TestAgreesOnDamagedFrames(t *testing.T) {
	w := newTwins(t, Config{MaxFlows: 1 << 15, RingBytes: 1 << 24})
	whole := slices.Collect(func(yield func([]byte) bool) {
		for f := range frames(t, crafted) {
			yield(slices.Clone(f))
		}
	})
	r := rand.New(rand.NewPCG(1, 2))
	n := w.agree(t, "damaged", func(yield func([]byte) bool) {
		for range 20000 {
			f := slices.Clone(whole[r.IntN(len(whole))])
			for range r.IntN(3) {
				f = slices.Insert(f, 12, []byte{0x81, 0, 0, byte(r.IntN(4))}...)
			}
			for range r.IntN(4) {
				f[12+r.IntN(min(len(f)-12, 80))] = []byte{0, 1, 4, 6, 0x45, 0x88, 0xff, byte(r.Uint32())}[r.IntN(8)]
			}
			if r.IntN(3) == 0 {
				f = f[:15+r.IntN(len(f)-14)]
			}
			if !yield(f) {
				return
			}
		}
	})
	require.Greater(t, n, 15000)
}

// TestAgreesOnRareFrames does the same with frames that no capture has.
func TestAgreesOnRareFrames(t *testing.T) {
	bridged := slices.Concat(udp[:12], []byte{0, byte(8 + len(udp) - 14), 0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0}, udp[14:]) // IEEE 802.1H
	mapped := tcp6()
	for _, address := range []int{22, 38} {
		copy(mapped[address:], []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1})
	}
	other := slices.Clone(bridged)
	other[19] = 0xf9
	w := newTwins(t, Config{MaxFlows: 64})
	require.Equal(t, 3, w.agree(t, "rare", slices.Values([][]byte{bridged, mapped, other})))
	counts, err := w.table.Counts()
	require.NoError(t, err)
	require.Equal(t, uint64(1), counts.Refused[packet.LLC].Packets)
}

// FuzzAgreesWithPacket looks for a frame that the programs and package packet read
// differently.
func FuzzAgreesWithPacket(f *testing.F) {
	for frame := range frames(f, crafted) {
		f.Add(slices.Clone(frame))
	}
	w := newTwins(f, Config{MaxFlows: 1 << 10})
	f.Fuzz(func(t *testing.T, frame []byte) {
		w.agree(t, "fuzz", slices.Values([][]byte{frame[:min(len(frame), maxFrame)]}))
	})
}
