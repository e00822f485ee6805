package netflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/pipelinetest"
)

// freePort returns a UDP port that nobody listens at.
func freePort(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// daemon runs a collector until stop is called, once it listens at the port.
func daemon(t *testing.T, port int, path string, args ...string) (stop func() string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if _, listens := queued(t, port); listens {
			break
		}
		if time.Since(begun) > 10*time.Second {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			require.Fail(t, "the collector does not listen", out.String())
		}
	}
	return func() string {
		settle(t, port, cmd.Process.Pid)
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
		return out.String()
	}
}

// nothing is what the kernel writes of an empty queue.
const nothing = "00000000:00000000"

// queued returns what the kernel holds for the socket at a UDP port, as the
// kernel writes it, and whether there is one.
func queued(t *testing.T, port int) (queue string, listens bool) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/udp")
	require.NoError(t, err)
	for line := range strings.Lines(string(table)) {
		columns := strings.Fields(line)
		if strings.HasSuffix(columns[1], fmt.Sprintf(":%04X", port)) {
			return columns[4], true
		}
	}
	return "", false
}

// settle waits until a collector has taken all that was sent to its port, and its
// processes have nothing to do.
func settle(t *testing.T, port, group int) {
	t.Helper()
	const steps = 10
	quiet, last := 0, ""
	for begun := time.Now(); quiet < steps && time.Since(begun) < time.Minute; time.Sleep(50 * time.Millisecond) {
		queue, _ := queued(t, port)
		now, sleeps := activity(group)
		if now != last || !sleeps || queue != nothing {
			quiet = 0
		}
		quiet, last = quiet+1, now
	}
}

// activity returns the processor time of each process of a group, and whether all
// of them sleep.
func activity(group int) (times string, sleep bool) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	sleep = true
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the process is gone
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		columns := strings.Fields(rest) // from the state on, the third of proc(5)
		if len(columns) > 12 && columns[2] == fmt.Sprint(group) {
			sleep = sleep && columns[0] == "S"
			times += path + " " + columns[11] + " " + columns[12] + "\n"
		}
	}
	return times, sleep
}

// aggregate is what a collector should have: packets and bytes by flow.
type aggregate map[string][2]uint64

func (a aggregate) add(key string, packets, bytes uint64) {
	v := a[key]
	a[key] = [2]uint64{v[0] + packets, v[1] + bytes}
}

// same compares what was sent with what a collector has.
func same(t *testing.T, want, got aggregate, log string) {
	t.Helper()
	for k, v := range want {
		require.Equal(t, v, got[k], k+log)
	}
	require.Len(t, got, len(want), log)
}

// send exports made-up flows and returns what was sent, as it is and multiplied
// by the rates.
func send(t *testing.T, scheme string, port int, rates []uint32, key func(*flow.Flow) string) (raw, scaled aggregate) {
	t.Helper()
	raw, scaled = aggregate{}, aggregate{}
	i := 0
	now := time.Now().UnixNano()
	change := pipeline.Each(func(fl *flow.Flow) {
		fl.SetTimeEnd(now - int64(i)*milli)
		fl.SetTimeStart(fl.TimeEnd - int64(i%5000)*milli)
		fl.Clear(flow.FieldSamplingRate)
		rate := uint64(1)
		if len(rates) > 0 {
			rate = uint64(rates[i%len(rates)])
			fl.SetSamplingRate(uint32(rate))
		}
		i++
		raw.add(key(fl), fl.Packets, fl.Bytes)
		scaled.add(key(fl), fl.Packets*rate, fl.Bytes*rate)
	})
	// A batch is sent once the collector has taken the one before.
	slow := pipeline.TransformFunc(func(context.Context, *flow.Batch) error {
		for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
			if queue, _ := queued(t, port); queue == nothing {
				break
			}
		}
		return nil
	})
	export := Export(fmt.Sprintf("%s://127.0.0.1:%d", scheme, port))
	pipelinetest.Run(t, pipeline.From(pipelinetest.Generate(5000, 11)).Through(change, slow).To(export), pipeline.WithClock(pipeline.WallClock()))
	require.Equal(t, 5000, i)
	return raw, scaled
}

// nfdumpFlow is a flow as nfdump prints it.
type nfdumpFlow struct {
	First   string `json:"first"`
	Last    string `json:"last"`
	Packets uint64 `json:"in_packets"`
	Bytes   uint64 `json:"in_bytes"`
	Proto   uint8  `json:"proto"`
	SrcPort uint16 `json:"src_port"`
	DstPort uint16 `json:"dst_port"`
	Src4    string `json:"src4_addr"`
	Dst4    string `json:"dst4_addr"`
	Src6    string `json:"src6_addr"`
	Dst6    string `json:"dst6_addr"`
	SrcAS   uint32 `json:"src_as"`
	InIf    uint32 `json:"input_snmp"`
}

func (f *nfdumpFlow) key() string {
	if f.Proto == flow.ProtoICMP || f.Proto == flow.ProtoICMPv6 {
		f.DstPort = 0 // nfdump keeps type and code apart
	}
	return fmt.Sprintln(f.Proto, f.Src4+f.Src6, f.SrcPort, f.Dst4+f.Dst6, f.DstPort, f.SrcAS, f.InIf, f.First, f.Last)
}

func nfdumpKey(fl *flow.Flow) string {
	stamp := func(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000") }
	port := fl.DstPort
	if fl.Proto == flow.ProtoICMP || fl.Proto == flow.ProtoICMPv6 {
		port = 0
	}
	return fmt.Sprintln(fl.Proto, fl.SrcAddr, fl.SrcPort, fl.DstAddr, port, fl.SrcAS, fl.InIf, stamp(fl.TimeStart), stamp(fl.TimeEnd))
}

// nfdumpAny returns a key.
func nfdumpAny(a aggregate) string {
	for k := range a {
		return k
	}
	return ""
}

// TestNfcapd has nfcapd store what we export, and compares every flow.
func TestNfcapd(t *testing.T) {
	nfcapd, nfdump := program.Path(t, "nfcapd"), program.Path(t, "nfdump")
	for _, scheme := range []string{"ipfix", "netflow9"} {
		for name, rates := range map[string][]uint32{"unsampled": nil, "sampled": {1000}, "of two rates": {10, 2000}} {
			t.Run(scheme+" "+name, func(t *testing.T) {
				dir, port := t.TempDir(), freePort(t)
				stop := daemon(t, port, nfcapd, "-b", "127.0.0.1", "-p", fmt.Sprint(port), "-w", dir, "-B", "4000000", "-t", "3600")
				raw, scaled := send(t, scheme, port, rates, nfdumpKey)
				log := stop()
				cmd := exec.Command(nfdump, "-N", "-6", "-o", "json", "-R", dir)
				cmd.Env = append(cmd.Environ(), "TZ=UTC")
				out, err := cmd.Output()
				require.NoError(t, err, log)
				var flows []nfdumpFlow
				require.NoError(t, json.Unmarshal(out, &flows), log)
				got := aggregate{}
				for i := range flows {
					got.add(flows[i].key(), flows[i].Packets, flows[i].Bytes)
				}
				require.Len(t, flows, 5000, log)
				// Some versions multiply, some do not.
				if key := nfdumpAny(raw); got[key] == raw[key] {
					scaled = raw
				}
				same(t, scaled, got, log)
				if scheme == "netflow9" || len(rates) == 0 { // nfcapd does not count options data in IPFIX
					require.Contains(t, log, "Sequence Errors: 0")
				}
			})
		}
	}
}

// TestNfacctd compares the totals that nfacctd prints.
func TestNfacctd(t *testing.T) {
	nfacctd := program.Path(t, "nfacctd")
	key := func(fl *flow.Flow) string {
		return fmt.Sprintln(fl.Proto, fl.SrcAddr, fl.SrcPort, fl.DstAddr, fl.DstPort, fl.SrcAS)
	}
	protos := map[string]int{"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58}
	for _, scheme := range []string{"ipfix", "netflow9"} {
		for name, rates := range map[string][]uint32{"unsampled": nil, "of two rates": {10, 2000}} {
			t.Run(scheme+" "+name, func(t *testing.T) {
				dir, port := t.TempDir(), freePort(t)
				file := filepath.Join(dir, "out.json")
				conf := filepath.Join(dir, "nfacctd.conf")
				require.NoError(t, os.WriteFile(conf, []byte(strings.Join([]string{
					"nfacctd_ip: 127.0.0.1", fmt.Sprintf("nfacctd_port: %d", port), "plugins: print",
					"aggregate: src_host, dst_host, src_port, dst_port, proto, src_as", "nfacctd_as: netflow",
					"print_output: json", "print_output_file: " + file, "print_refresh_time: 3600", "print_cache_entries: 65521",
					"nfacctd_renormalize: true", "plugin_buffer_size: 102400", "plugin_pipe_size: 10240000", "",
				}, "\n")), 0o600))
				stop := daemon(t, port, nfacctd, "-f", conf)
				_, want := send(t, scheme, port, rates, key)
				log := stop()
				var out []byte
				require.Eventually(t, func() bool {
					out, _ = os.ReadFile(file)
					return len(out) > 0
				}, 10*time.Second, 50*time.Millisecond, log)
				got := aggregate{}
				for line := range bytes.Lines(out) {
					var r struct {
						Src     string `json:"ip_src"`
						Dst     string `json:"ip_dst"`
						SrcPort uint16 `json:"port_src"`
						DstPort uint16 `json:"port_dst"`
						Proto   string `json:"ip_proto"`
						SrcAS   uint32 `json:"as_src"`
						Packets uint64
						Bytes   uint64
					}
					require.NoError(t, json.Unmarshal(line, &r))
					got.add(fmt.Sprintln(protos[r.Proto], r.Src, r.SrcPort, r.Dst, r.DstPort, r.SrcAS), r.Packets, r.Bytes)
				}
				same(t, want, got, log)
			})
		}
	}
}
