package netflow_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// The tests in this file have exporters of other makers read a capture, and
// compare the flows that arrive with what the exporter says it counted, and with
// the flows that package pcap makes of the same capture.

const (
	webCapture = "../../testdata/web.pcap"
	// ethernet is what a frame of the capture has around its IP packet: there are
	// no tags and there is no padding. Exporters count from the IP header on.
	ethernet = 14
)

// way is one direction of a conversation. ICMP has its type and code as the
// destination port, as exporters write them.
type way struct {
	src, dst     string
	proto        uint8
	sport, dport uint16
}

// ported joins what exporters and package pcap tell apart differently: a later
// fragment belongs to its first in package pcap, is a flow without ports to
// softflowd, and one with the payload for ports to pmacctd. All fragments in the
// capture are of echo requests and replies, so the ways of TCP and UDP stay what
// they are, and the rest is told apart by addresses.
func (w way) ported() way {
	if w.proto == flow.ProtoTCP || w.proto == flow.ProtoUDP {
		return w
	}
	return way{src: w.src, dst: w.dst}
}

func (w way) back() way { return way{w.dst, w.src, w.proto, w.dport, w.sport} }

// talk is the same for both ways.
func (w way) talk() way {
	if w.src > w.dst || w.src == w.dst && w.sport > w.dport {
		return w.back()
	}
	return w
}

// sums is what the flows of a way have together.
type sums struct {
	packets, bytes uint64
	flags          uint16
}

// span is when a conversation was under way [ns since the epoch].
type span struct{ first, last int64 }

// account adds up flows.
type account struct {
	ways  map[way]sums
	talks map[way]span
	flows int
	rates map[uint32]int // flows by sampling rate; absent is 0
}

func newAccount() *account {
	return &account{ways: map[way]sums{}, talks: map[way]span{}, rates: map[uint32]int{}}
}

func (a *account) add(w way, s sums, at span) {
	if s.packets == 0 {
		return
	}
	have := a.ways[w]
	a.ways[w] = sums{have.packets + s.packets, have.bytes + s.bytes, have.flags | s.flags}
	if old, known := a.talks[w.talk()]; known {
		at = span{min(old.first, at.first), max(old.last, at.last)}
	}
	a.talks[w.talk()] = at
}

// addFlow adds both ways of a flow. around is to be left out of each packet.
func (a *account) addFlow(b *flow.Batch, fl *flow.Flow, around uint64) {
	a.flows++
	a.rates[fl.SamplingRate]++
	w := way{fl.SrcAddr.String(), fl.DstAddr.String(), fl.Proto, fl.SrcPort, fl.DstPort}
	if fl.Proto == flow.ProtoICMP || fl.Proto == flow.ProtoICMPv6 {
		w.sport, w.dport = 0, uint16(fl.ICMPType)<<8|uint16(fl.ICMPCode)
	}
	at := span{fl.TimeStart, fl.TimeEnd}
	a.add(w, sums{fl.Packets, fl.Bytes - around*fl.Packets, fl.TCPFlags & 0xff}, at)
	packets, _ := b.ReversePackets(fl)
	octets, _ := b.ReverseBytes(fl)
	flags, _ := b.ReverseTCPFlags(fl)
	a.add(w.back(), sums{packets, octets, flags}, at)
}

// those is the account of the ways that keep gives a name other than the zero
// way, by that name.
func (a *account) those(keep func(way) way) *account {
	p := newAccount()
	for w, s := range a.ways {
		if name := keep(w); name != (way{}) {
			p.add(name, s, a.talks[w.talk()])
		}
	}
	return p
}

// ported is the account of what all sides tell apart.
func (a *account) ported() *account { return a.those(way.ported) }

// only4 is the account of IPv4: all that NetFlow v5 can tell.
func (a *account) only4() *account {
	return a.those(func(w way) way {
		if strings.Contains(w.src, ".") {
			return w
		}
		return way{}
	})
}

// expectSums compares way by way.
func expectSums(t *testing.T, want, got *account) {
	t.Helper()
	require.NotEmpty(t, want.ways)
	for w, s := range want.ways {
		require.Equal(t, s, got.ways[w], w)
	}
	for w, s := range got.ways {
		require.Contains(t, want.ways, w, s)
	}
}

// total is the sum of all ways.
func (a *account) total() (s sums) {
	for _, w := range a.ways {
		s = sums{s.packets + w.packets, s.bytes + w.bytes, s.flags | w.flags}
	}
	return s
}

// captured is the account of package pcap's flows.
func captured(t *testing.T, path string) *account {
	t.Helper()
	a := newAccount()
	add := sink.Func("add", func(b *flow.Batch) error {
		for fl := range b.All() {
			a.addFlow(b, fl, ethernet)
		}
		return nil
	})
	require.NoError(t, pipeline.From(pcap.File(path)).To(add).Run(t.Context()))
	require.NotEmpty(t, a.ways)
	return a.ported()
}

// expectTimes compares when conversations were; exporters keep one pair of times
// for both ways. Times may be off by less than the resolution, and before that
// all be earlier by the same amount, less than skew.
func expectTimes(t *testing.T, want, got *account, resolution, skew time.Duration) {
	t.Helper()
	require.Len(t, got.talks, len(want.talks))
	earliest := func(a *account) int64 {
		first := int64(math.MaxInt64)
		for _, at := range a.talks {
			first = min(first, at.first)
		}
		return first
	}
	shift := int64(0)
	if skew != 0 {
		shift = earliest(want) - earliest(got)
		require.Less(t, time.Duration(shift).Abs(), skew)
	}
	for w, g := range got.talks {
		s := want.talks[w]
		require.Less(t, time.Duration(s.first-g.first-shift).Abs(), resolution, "%v begins at %d, not %d", w, g.first, s.first)
		require.Less(t, time.Duration(s.last-g.last-shift).Abs(), resolution, "%v ends at %d, not %d", w, g.last, s.last)
	}
}

// command is a program that ends with the test, as do its children. It works in a
// directory of its own.
func command(t *testing.T, name string, args ...string) (cmd *exec.Cmd, out *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, program.Path(t, name), args...)
	out = new(bytes.Buffer)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), out, out
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(cmd.Args, out)
		}
	})
	return cmd, out
}

// gather starts a collector, and returns it with the account of what it receives,
// which may be read once it stopped. What an exporter sent before it ended is in
// the socket by then, and is decoded.
func gather(t *testing.T) (*collector, *account) {
	t.Helper()
	return gatherAt(t, "127.0.0.1:0")
}

func gatherAt(t *testing.T, address string) (*collector, *account) {
	t.Helper()
	c := start(t, address, nil)
	a := newAccount()
	look := func(b *flow.Batch) {
		for fl := range b.All() {
			a.addFlow(b, fl, 0)
			if fl.Exporter.String() != "127.0.0.1" {
				c.t.Errorf("exporter %v", fl.Exporter)
			}
		}
	}
	c.look.Store(&look)
	return c, a
}

// requireClean requires that nothing was lost or refused, apart from what is
// known.
func requireClean(t *testing.T, counters map[string]uint64, known ...string) {
	t.Helper()
	for name, n := range counters {
		switch name {
		case "datagrams", "bytes", "templates", "options_records", "receive_buffer_bytes":
		default:
			require.True(t, n == 0 || slices.Contains(known, name), "%s is %d", name, n)
		}
	}
}

// softflowd reads the capture and exports it. It returns what softflowd logged of
// each flow, and how many records and datagrams it says it sent.
func softflowd(t *testing.T, to netip.AddrPort, args ...string) (a *account, records, datagrams uint64) {
	t.Helper()
	cmd, out := command(t, "softflowd", append(args, "-D", "-a", "-r", absolute(t, webCapture), "-n", to.String(), "-p", "pid", "-c", "ctl")...)
	require.NoError(t, cmd.Run())
	log := out.String()
	a = softflowdLog(t, log)
	m := regexp.MustCompile(`Packets processed: (\d+)`).FindStringSubmatch(log)
	require.Len(t, m, 2)
	require.Equal(t, m[1], strconv.FormatUint(a.total().packets, 10))
	m = regexp.MustCompile(`Flows exported: \d+ \((\d+) records\) in (\d+) packets \(0 failures\)`).FindStringSubmatch(log)
	require.Len(t, m, 3)
	return a, number(t, m[1], 10), number(t, m[2], 10)
}

var expired = regexp.MustCompile(`EXPIRED: seq:\d+ \[(.*?)\]:(\d+) <> \[(.*?)\]:(\d+) proto:(\d+) ` +
	`octets>:(\d+) packets>:(\d+) octets<:(\d+) packets<:(\d+) start:(\S+) finish:(\S+) tcp>:(\w+) tcp<:(\w+)`)

// softflowdLog reads the lines that tell of a flow with two ways each.
func softflowdLog(t *testing.T, log string) *account {
	t.Helper()
	a := newAccount()
	for _, m := range expired.FindAllStringSubmatch(log, -1) {
		at := func(s string) int64 {
			tm, err := time.Parse("2006-01-02T15:04:05.000", s)
			require.NoError(t, err, m[0])
			return tm.UnixNano()
		}
		w := way{m[1], m[3], uint8(number(t, m[5], 10)), uint16(number(t, m[2], 10)), uint16(number(t, m[4], 10))}
		when := span{at(m[10]), at(m[11])}
		a.add(w, sums{number(t, m[7], 10), number(t, m[6], 10), uint16(number(t, m[12], 16))}, when)
		a.add(w.back(), sums{number(t, m[9], 10), number(t, m[8], 10), uint16(number(t, m[13], 16))}, when)
	}
	return a
}

func number(t *testing.T, s string, base int) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, base, 64)
	require.NoError(t, err)
	return n
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// TestSoftflowd compares with softflowd's log exactly, fragments and types of ICMP
// included, and with package pcap by what both tell apart.
func TestSoftflowd(t *testing.T) {
	program.Path(t, "softflowd")
	for _, v := range []struct {
		args       string
		resolution time.Duration
		skew       time.Duration
	}{
		{"-v 5", time.Millisecond, 0},
		{"-v 9", 2 * time.Millisecond, time.Second}, // the header has whole seconds beside the uptime
		{"-v 9 -A sec", time.Second, 0},
		{"-v 9 -A milli", time.Millisecond, 0},
		{"-v 10", 2 * time.Millisecond, 0}, // by the uptime; options data tells when that began
		{"-v 10 -A sec", time.Second, 0},
		{"-v 10 -A milli", time.Millisecond, 0},
		{"-v 10 -A micro", 2 * time.Microsecond, 0}, // softflowd adds one before it cuts
		{"-v 10 -A nano", 2 * time.Microsecond, 0},
		{"-v 10 -b -A milli", time.Millisecond, 0}, // biflows
	} {
		t.Run(v.args, func(t *testing.T) {
			c, got := gather(t)
			sent, records, datagrams := softflowd(t, c.at, strings.Fields(v.args)...)
			counters := c.stop()
			want := captured(t, webCapture)
			var known []string
			switch version := strings.Fields(v.args)[1]; version {
			case "5":
				sent, want = sent.only4(), want.only4()
			case "10":
				// The sequence number of a message counts its own records, and not
				// those of options, where RFC 7011 has it count all before.
				known = []string{"late_datagrams", "lost_records"}
			}
			require.EqualValues(t, records, got.flows)
			require.Equal(t, datagrams, counters["datagrams"])
			if strings.Contains(v.args, "-b") {
				sent, got = sent.ported(), got.ported() // there is no type of ICMP of the reverse direction
			}
			expectSums(t, sent, got)
			expectSums(t, want, got.ported())
			expectTimes(t, want, got.ported(), v.resolution, v.skew)
			requireClean(t, counters, known...)
		})
	}
}

// TestSoftflowdOverTCP has softflowd export twice over TCP, each time in a session
// of its own.
func TestSoftflowdOverTCP(t *testing.T) {
	program.Path(t, "softflowd")
	c, got := gatherAt(t, "ipfix+tcp://127.0.0.1:0")
	all, messages := uint64(0), uint64(0)
	want := newAccount()
	for range 2 {
		sent, records, n := softflowd(t, c.at, "-v", "10", "-P", "tcp", "-A", "milli")
		all, messages = all+records, messages+n
		for w, s := range sent.ways {
			want.add(w, s, sent.talks[w.talk()])
		}
	}
	c.waitFor(int(all))
	counters := c.stop()
	expectSums(t, want, got)
	require.Equal(t, messages, counters["datagrams"])
	require.EqualValues(t, 2, counters["connections"])
	requireClean(t, counters, "connections", "late_datagrams", "lost_records") // as over UDP
}

// TestSoftflowdSamples has softflowd take one packet in four: the rate is told in
// the header of v5, and by options data of v9 and IPFIX.
func TestSoftflowdSamples(t *testing.T) {
	program.Path(t, "softflowd")
	for _, version := range []string{"5", "9", "10"} {
		t.Run("v"+version, func(t *testing.T) {
			c, got := gather(t)
			sent, records, _ := softflowd(t, c.at, "-v", version, "-s", "4")
			c.stop()
			if version == "5" {
				sent = sent.only4()
			}
			expectSums(t, sent, got)
			require.Equal(t, map[uint32]int{4: int(records)}, got.rates)
		})
	}
}

// recent is the capture, moved in time by whole seconds to begin now.
func recent(t *testing.T) []byte {
	t.Helper()
	p, err := os.ReadFile(webCapture)
	require.NoError(t, err)
	le := binary.LittleEndian
	const file, packet = 24, 16 // headers
	by := uint32(time.Now().Unix()) - le.Uint32(p[file:])
	for at := file; at < len(p); at += packet + int(le.Uint32(p[at+8:])) {
		le.PutUint32(p[at:], le.Uint32(p[at:])+by)
	}
	return p
}

// TestPmacctd has one process with three plugins send to three collectors, for it
// sleeps most of the time. The capture has to be a recent one: what v5 tells are
// times by an uptime that begins when pmacctd does, which wraps.
func TestPmacctd(t *testing.T) {
	versions := []string{"5", "9", "10"}
	cmd, _ := command(t, "pmacctd", "-f", "conf")
	conf := "daemonize: false\n" +
		"pcap_savefile: recent.pcap\n" +
		"aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags\n" +
		"plugins: nfprobe[v5], nfprobe[v9], nfprobe[v10]\n"
	collectors, accounts := make([]*collector, 3), make([]*account, 3)
	for i, version := range versions {
		collectors[i], accounts[i] = gather(t)
		conf += "nfprobe_version[v" + version + "]: " + version + "\n" +
			"nfprobe_receiver[v" + version + "]: " + collectors[i].at.String() + "\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(cmd.Dir, "conf"), []byte(conf), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(cmd.Dir, "recent.pcap"), recent(t), 0o600))
	// Its status depends on whether the core or a plugin ended first.
	require.NotErrorIs(t, cmd.Run(), exec.ErrWaitDelay)
	for i, version := range versions {
		counters := collectors[i].stop()
		want, got := captured(t, filepath.Join(cmd.Dir, "recent.pcap")), accounts[i].ported()
		if version == "5" {
			want = want.only4()
		}
		expectSums(t, want, got)
		expectTimes(t, want, got, time.Millisecond, 0)
		requireClean(t, counters)
	}
}

// udpQueue reads from the kernel's table how many bytes wait at an IPv4 port;
// false when nobody has it.
func udpQueue(t *testing.T, port uint16) (waiting uint64, bound bool) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/udp")
	require.NoError(t, err)
	local := strings.ToUpper(hex.EncodeToString([]byte{byte(port >> 8), byte(port)}))
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 4 && strings.HasSuffix(f[1], ":"+local) {
			_, queue, _ := strings.Cut(f[4], ":")
			waiting, err = strconv.ParseUint(queue, 16, 64)
			require.NoError(t, err, line)
			return waiting, true
		}
	}
	return 0, false
}

// freePort is a port that nobody has.
func freePort(t *testing.T) uint16 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// nfcapd records softflowd's export of a version, and returns the file.
func nfcapd(t *testing.T, version string) (path string) {
	t.Helper()
	port := freePort(t)
	cmd, _ := command(t, "nfcapd", "-w", ".", "-t", "86400", "-b", "127.0.0.1", "-p", strconv.Itoa(int(port)))
	require.NoError(t, cmd.Start())
	ended := false
	defer func() {
		if !ended {
			_ = cmd.Cancel()
			_ = cmd.Wait()
		}
	}()
	require.Eventually(t, func() bool { _, bound := udpQueue(t, port); return bound }, 10*time.Second, 5*time.Millisecond)
	// Times by the uptime that are 0 count as unknown to nfcapd.
	softflowd(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port), "-v", version, "-A", "milli")
	require.Eventually(t, func() bool { n, _ := udpQueue(t, port); return n == 0 }, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	ended = true
	require.NoError(t, cmd.Wait())
	files, err := filepath.Glob(filepath.Join(cmd.Dir, "nfcapd.2*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	return files[0]
}

// TestNfreplay compares with nfdump's own summary of the file that is sent.
func TestNfreplay(t *testing.T) {
	for _, name := range []string{"softflowd", "nfcapd", "nfdump", "nfreplay"} {
		program.Path(t, name)
	}
	for _, version := range []string{"5", "9"} {
		t.Run("v"+version, func(t *testing.T) {
			file := nfcapd(t, version)
			summary, out := command(t, "nfdump", "-r", file, "-I")
			require.NoError(t, summary.Run())
			says := func(name string) uint64 {
				m := regexp.MustCompile(`(?m)^` + name + `: (\d+)$`).FindStringSubmatch(out.String())
				require.Len(t, m, 2, name)
				return number(t, m[1], 10)
			}
			c, got := gather(t)
			replay, _ := command(t, "nfreplay", "-r", file, "-H", "127.0.0.1", "-p", strconv.Itoa(int(c.at.Port())), "-v", version)
			require.NoError(t, replay.Run())
			counters := c.stop()

			require.EqualValues(t, says("Flows"), got.flows)
			require.Equal(t, says("Packets"), got.total().packets)
			require.Equal(t, says("Bytes"), got.total().bytes)
			for proto, name := range map[uint8]string{flow.ProtoTCP: "tcp", flow.ProtoUDP: "udp"} {
				of := got.those(func(w way) way {
					if w.proto == proto {
						return w
					}
					return way{}
				}).total()
				require.Equal(t, says("Packets_"+name), of.packets)
				require.Equal(t, says("Bytes_"+name), of.bytes)
			}
			want := captured(t, webCapture)
			if version == "5" {
				want = want.only4()
			}
			expectSums(t, want, got.ported())
			expectTimes(t, want, got.ported(), 2*time.Millisecond, 0) // cut to milliseconds twice
			requireClean(t, counters)
		})
	}
}
