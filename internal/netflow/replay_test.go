package netflow

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/capture"
)

// corpus is where real captures lie beside the project, if they do.
const corpus = "../../../shared/corpus"

// datagram is one UDP datagram of a test.
type datagram struct {
	from    netip.AddrPort
	payload []byte
}

var testExporter = netip.MustParseAddrPort("192.0.2.1:2055")

// bench is a decoder with a batch to decode into.
type rig struct {
	t     testing.TB
	store *Store
	dec   *Decoder
	owner *flow.Owner
	batch *flow.Batch
	now   int64

	session int64 // that all is a message of; 0 for none
}

const testNow = 1_700_000_000_000_000_000

func newRig(t testing.TB, cfg Config, size int, exts ...flow.Extender) *rig {
	t.Helper()
	return rigOn(t, NewStore(cfg), cfg, size, exts...)
}

func rigOn(t testing.TB, store *Store, cfg Config, size int, exts ...flow.Extender) *rig {
	t.Helper()
	layout, err := flow.NewLayout(exts...)
	require.NoError(t, err)
	symbols := flow.NewSymbols(0)
	dec, err := NewDecoder(store, cfg, symbols.Quota(1000), layout)
	require.NoError(t, err)
	owner := flow.NewOwner(flow.OwnerConfig{Size: size, Layout: layout, Symbols: symbols})
	return &rig{t: t, store: store, dec: dec, owner: owner, batch: owner.Begin(testNow, time.Time{}), now: testNow}
}

// feed decodes datagrams and calls see with every flow.
func (r *rig) feed(see func(b *flow.Batch, fl *flow.Flow), grams ...datagram) {
	r.t.Helper()
	for _, g := range grams {
		r.dec.BeginMessage(g.payload, g.from, r.session, r.now)
		for done, rounds := false, 0; !done; rounds++ {
			require.Less(r.t, rounds, 1<<17, "no end")
			done = r.dec.Fill(r.batch)
			for fl := range r.batch.All() {
				f, unmarked := fl.Unmarked()
				require.False(r.t, unmarked, "%v is set but not marked", f)
				if see != nil {
					see(r.batch, fl)
				}
			}
			r.owner.Finish(nil)
			r.batch = r.owner.Begin(r.now, time.Time{})
		}
	}
}

// flows decodes datagrams and returns the flows. Columns are lost.
func (r *rig) flows(grams ...datagram) (all []flow.Flow) {
	r.t.Helper()
	r.feed(func(_ *flow.Batch, fl *flow.Flow) { all = append(all, *fl) }, grams...)
	return all
}

func (r *rig) count(reason Reason) int { return int(r.dec.Counters()[reason]) }

func from(payloads ...[]byte) (grams []datagram) {
	for _, p := range payloads {
		grams = append(grams, datagram{testExporter, p})
	}
	return grams
}

// load reads a file of payloads or a capture.
func load(t testing.TB, path string) []datagram {
	t.Helper()
	if filepath.Ext(path) != ".pcap" {
		p, err := os.ReadFile(path)
		require.NoError(t, err)
		return from(messages(p)...)
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var grams []datagram
	r := capture.NewReader(f)
	for {
		var rec capture.Record
		if r.Next(&rec) != nil {
			return grams
		}
		if g, ok := udp(rec.LinkType, rec.Data); ok {
			g.payload = append([]byte(nil), g.payload...)
			grams = append(grams, g)
		}
	}
}

// messages cuts a file of IPFIX messages into them.
func messages(p []byte) (all [][]byte) {
	for len(p) >= 4 && u16(p) == versionIPFIX && int(u16(p[2:])) >= headerIPFIX && int(u16(p[2:])) < len(p) {
		all, p = append(all, p[:u16(p[2:])]), p[u16(p[2:]):]
	}
	return append(all, p)
}

// udp finds the datagram in a frame that is not fragmented.
func udp[T ~uint16 | ~uint32](link T, p []byte) (g datagram, ok bool) {
	be := binary.BigEndian
	var etype uint16
	switch link {
	case 1:
		if len(p) < 14 {
			return g, false
		}
		etype, p = be.Uint16(p[12:]), p[14:]
	case 113:
		etype, p = be.Uint16(p[14:]), p[16:]
	case 276:
		etype, p = be.Uint16(p), p[20:]
	default:
		return g, false
	}
	for etype == 0x8100 {
		etype, p = be.Uint16(p[2:]), p[4:]
	}
	var src netip.Addr
	switch {
	case etype == 0x0800 && p[9] == 17:
		src, _ = netip.AddrFromSlice(p[12:16])
		p = p[:min(len(p), int(be.Uint16(p[2:])))]
		p = p[int(p[0]&15)*4:]
	case etype == 0x86dd && p[6] == 17:
		src, _ = netip.AddrFromSlice(p[8:24])
		p = p[40:]
	default:
		return g, false
	}
	return datagram{netip.AddrPortFrom(src, be.Uint16(p)), p[8:]}, true
}
