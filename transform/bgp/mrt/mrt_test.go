package mrt_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/pipelinetest"
	"github.com/flowpipeline/pipeline/transform/bgp/mrt"
	"github.com/flowpipeline/pipeline/transform/rpki"
)

// What a dump is made of (RFC 6396 4.3).
func record(kind, subtype uint16, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, 1_750_000_000)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, subtype)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
}

// peers is the index of two peers of IPv4.
func peers() []byte {
	b := []byte{192, 0, 2, 1, 0, 0, 0, 2}
	for i := range byte(2) {
		b = append(b, 2, 192, 0, 2, i, 192, 0, 2, i, 0, 0, 0xfb, 0xf0+i)
	}
	return record(13, 1, b...)
}

// segment is part of an AS path: 1 a set, 2 a sequence, 3 and 4 those of a
// confederation.
func segment(kind byte, ases ...uint32) []byte {
	b := []byte{kind, byte(len(ases))}
	for _, as := range ases {
		b = binary.BigEndian.AppendUint32(b, as)
	}
	return b
}

// rib is the record of a prefix with a path of each peer.
func rib(prefix string, addPath bool, paths ...[]byte) []byte {
	p := netip.MustParsePrefix(prefix)
	subtype := uint16(2)
	if p.Addr().Is6() {
		subtype = 4
	}
	if addPath {
		subtype += 6
	}
	body := append([]byte{0, 0, 0, 7, byte(p.Bits())}, p.Addr().AsSlice()[:(p.Bits()+7)/8]...)
	body = append(body, 0, byte(len(paths)))
	for i, path := range paths {
		attrs := []byte{0x40, 1, 1, 0}
		attrs = append(append(attrs, 0x50, 2, 0, byte(len(path))), path...)
		attrs = append(attrs, 0x40, 3, 4, 192, 0, 2, 1)
		body = append(body, 0, byte(i%2), 0x68, 0x4e, 0xe1, 0x80)
		if addPath {
			body = append(body, 0, 0, 0, byte(i))
		}
		body = append(append(body, 0, byte(len(attrs))), attrs...)
	}
	return record(13, subtype, body...)
}

func file() []byte {
	return bytes.Join([][]byte{
		peers(),
		rib("192.0.0.0/16", false, segment(2, 64500, 64496)),
		rib("192.0.2.0/24", false, segment(2, 64500, 64497), segment(2, 64501, 64498), segment(2, 64502, 64498)),
		rib("192.0.2.128/25", false, nil), // the own network
		rib("198.51.100.0/24", true, segment(2, 64500), append(segment(2, 64501), segment(1, 1, 2)...), append(segment(2, 64501), segment(1, 3)...)),
		rib("203.0.113.0/24", false, append(segment(3, 65001), segment(2, 64500, 64511)...)),
		rib("203.0.113.128/25", false, segment(3, 65001)),
		record(16, 4, 1, 2, 3), // an update
		rib("2001:db8::/32", false, segment(2, 64500, 4200000000)),
		rib("2001:db8:7::/48", true, segment(2, 64500, 64505)),
		peers(), // the next dump
		rib("2001:db8:7::/48", true, segment(2, 64500, 64506)),
	}, nil)
}

func TestRoute(t *testing.T) {
	table, err := mrt.Read("rib", bytes.NewReader(file()))
	require.NoError(t, err)
	require.Equal(t, 8, table.Len())
	for addr, want := range map[string]rpki.Route{
		"192.0.3.1":       {PrefixLen: 16, Origin: 64496},
		"192.0.2.1":       {PrefixLen: 24, Origin: 64498}, // of most peers
		"198.51.100.1":    {PrefixLen: 24, Origin: 0},     // an AS_SET
		"203.0.113.1":     {PrefixLen: 24, Origin: 64511},
		"2001:db8::1":     {PrefixLen: 32, Origin: 4200000000},
		"2001:db8:7::1":   {PrefixLen: 48, Origin: 64506}, // the latest
		"192.0.2.129":     {},                             // no path
		"203.0.113.129":   {},                             // a confederation
		"10.0.0.1":        {},
		"2001:db9::":      {},
		"255.255.255.255": {},
	} {
		got, ok := table.Route(nil, flow.MustParseAddr(addr))
		if want == (rpki.Route{}) {
			require.False(t, ok, addr)
			continue
		}
		require.True(t, ok, addr)
		require.Equal(t, want, got, addr)
	}
}

// TestAsARIB has rpki validate by the routes of a dump.
func TestAsARIB(t *testing.T) {
	table, err := mrt.Read("rib", bytes.NewReader(file()))
	require.NoError(t, err)
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.1"))
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.1"))
	got := pipelinetest.Record()
	vrps := []byte(`{"roas":[{"asn":64498,"prefix":"192.0.2.0/24"},{"asn":64500,"prefix":"198.51.100.0/24"}]}`)
	pipelinetest.Run(t, pipeline.From(pipelinetest.Flows(fl)).Through(rpki.Validate(rpki.JSONData("vrps", vrps), rpki.Routes(table))).To(got))
	require.EqualValues(t, flow.RPKIValid, got.Flows()[0].SrcRPKI)
	require.EqualValues(t, flow.RPKIInvalid, got.Flows()[0].DstRPKI)
}

func TestCompressed(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(file())
	require.NoError(t, err)
	require.NoError(t, z.Close())
	path := filepath.Join(t.TempDir(), "rib.gz")
	require.NoError(t, os.WriteFile(path, packed.Bytes(), 0o600))
	table, err := mrt.Open(path)
	require.NoError(t, err)
	require.Equal(t, 8, table.Len())

	// The record of 192.0.2.0/24 from AS 64496, packed with bzip2.
	raw, err := hex.DecodeString(bzip2Hex)
	require.NoError(t, err)
	table, err = mrt.Read("rib.bz2", bytes.NewReader(raw))
	require.NoError(t, err)
	got, ok := table.Route(nil, flow.MustParseAddr("192.0.2.1"))
	require.True(t, ok)
	require.Equal(t, rpki.Route{PrefixLen: 24, Origin: 64496}, got)
}

func TestBadFiles(t *testing.T) {
	one := rib("192.0.2.0/24", false, segment(2, 64496))
	edit := func(at int, value byte) []byte {
		b := bytes.Clone(one)
		b[at] = value
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "rib: no routes of TABLE_DUMP_V2 are in it"},
		"no routes":     {peers(), "rib: no routes of TABLE_DUMP_V2 are in it"},
		"old":           {record(12, 1, 0), "rib: record at byte 0: it is of the old type TABLE_DUMP, which is not read"},
		"header":        {append(bytes.Clone(one), 1, 2), "rib: record at byte " + strconv.Itoa(len(one)) + ": the header is cut off after 2 bytes"},
		"body":          {one[:len(one)-1], "rib: record at byte 0: it is cut off after"},
		"too long":      {edit(8, 0xff), "more than 16777216"},
		"prefix":        {edit(16, 33), "a prefix of 33 bits"},
		"entries":       {edit(21, 2), "192.0.2.0/24, entry 1: it ends too early"},
		"attributes":    {edit(29, 200), "192.0.2.0/24, entry 0: it ends too early"},
		"attribute":     {edit(32, 200), "192.0.2.0/24, entry 0: it ends too early"},
		"path":          {edit(39, 9), "192.0.2.0/24, entry 0: AS path: it ends too early"},
		"mapped prefix": {rib("::ffff:192.0.2.0/120", false, segment(2, 1)), "an IPv4 prefix written as one of IPv6"},
	} {
		_, err := mrt.Read("rib", bytes.NewReader(c.data))
		require.ErrorContains(t, err, c.want, name)
	}
	_, err := mrt.Open(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestLikeBgpdump compares the origins with those that another maker's program
// prints, of the file above and of dumps of BIRD, OpenBGPD and Quagga.
func TestLikeBgpdump(t *testing.T) {
	bgpdump := program.Path(t, "bgpdump")
	made := filepath.Join(t.TempDir(), "rib")
	require.NoError(t, os.WriteFile(made, file(), 0o600))
	files := []string{made}
	for _, name := range []string{"openbgpd_rib_table-v2", "quagga_rib", "bird-mrtdump_rib"} {
		path := filepath.Join("../../../../shared/corpus/mrtparse/samples", name)
		if _, err := os.Stat(path); err == nil {
			files = append(files, path)
		}
	}
	for _, path := range files {
		out, err := exec.CommandContext(t.Context(), bgpdump, "-m", path).Output()
		require.NoError(t, err, path)
		origins := map[netip.Prefix]map[string]int{}
		for line := range strings.Lines(string(out)) {
			f := strings.Split(line, "|")
			as := f[6]
			if f[0] == "TABLE_DUMP2_AP" { // with the path's number
				as = f[7]
			}
			p := netip.MustParsePrefix(f[5])
			if origins[p] == nil {
				origins[p] = map[string]int{}
			}
			hops := strings.Fields(as)
			if len(hops) > 0 {
				origins[p][hops[len(hops)-1]]++
			}
		}
		table, err := mrt.Open(path)
		require.NoError(t, err, path)
		require.Equal(t, len(origins), table.Len(), path)
		for p, of := range origins {
			got, ok := table.Route(nil, flow.AddrFrom(p.Addr()))
			if int(got.PrefixLen) != p.Bits() {
				continue // the address is in a longer one
			}
			require.Equal(t, len(of) > 0 && !strings.Contains(p.String(), "203.0.113.128"), ok, "%s: %v", path, p)
			if !ok {
				continue
			}
			text := strconv.FormatUint(uint64(got.Origin), 10)
			if got.Origin == 0 {
				continue // a set
			}
			for origin, n := range of {
				require.LessOrEqual(t, n, of[text], "%s: %v from %s, not %s", path, p, origin, text)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file())
	f.Add(rib("2001:db8::/32", true, segment(2, 64500), segment(1, 1, 2)))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := mrt.Read("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		require.Positive(t, table.Len())
		for _, a := range []string{"192.0.2.1", "2001:db8::1"} {
			addr := flow.MustParseAddr(a)
			if r, ok := table.Route(nil, addr); ok && addr.Is4() {
				require.LessOrEqual(t, r.PrefixLen, uint8(32))
			}
		}
	})
}

const bzip2Hex = "425a6839314159265359b10c540b0000116545f1820040c001004040004000200040082000314c001341a3423434d1962181c53d0585483b6125d934b2b42cd8ed8f3fc5dc914e14242c431502c0"
