package sflow_test

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/program"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/pcap"
	"github.com/flowpipeline/pipeline/source/sflow"
)

const (
	webCapture = "../../testdata/web.pcap"
	pcapHeader = 24 // of the file
	// fcs is the frame check sequence, which sFlow counts in the length of a frame
	// and a capture does not have.
	fcs = 4
)

// way is one direction of a conversation. Later fragments have no ports in a
// sample, and those of their first in package pcap. All fragments in the capture
// are of echo requests and replies, so only TCP and UDP are told apart by ports,
// and the rest by addresses.
type way struct {
	src, dst     string
	proto        uint8
	sport, dport uint16
}

// sums is what the flows of a way have together.
type sums struct {
	packets, bytes uint64
	flags          uint16
}

func add(ways map[way]sums, fl *flow.Flow, perPacket uint64) {
	w := way{src: fl.SrcAddr.String(), dst: fl.DstAddr.String(), proto: fl.Proto}
	if fl.Proto == flow.ProtoTCP || fl.Proto == flow.ProtoUDP {
		w.sport, w.dport = fl.SrcPort, fl.DstPort
	}
	s := ways[w]
	ways[w] = sums{s.packets + fl.Packets, s.bytes + fl.Bytes + perPacket*fl.Packets, s.flags | fl.TCPFlags}
}

// TestPmacctd has pmacctd sample every packet of a capture, and compares with the
// flows that package pcap makes of it. pmacctd does not send the datagram that it
// is filling at the end, so the capture comes twice, and once is compared.
func TestPmacctd(t *testing.T) {
	pmacctd := program.Path(t, "pmacctd")
	want, packets := map[way]sums{}, uint64(0)
	require.NoError(t, pipeline.From(pcap.File(webCapture)).To(sink.Each("add", func(fl *flow.Flow) error {
		add(want, fl, fcs)
		packets += fl.Packets
		return nil
	})).Run(t.Context()))

	at := make(chan netip.AddrPort, 1)
	got := map[way]sums{}
	var samples atomic.Uint64
	look := sink.Each("add", func(fl *flow.Flow) error {
		if fl.SamplingRate != 1 || fl.Packets != 1 || fl.Exporter.String() != "192.0.2.33" || fl.TimeStart == 0 {
			t.Errorf("%+v", fl)
		}
		if samples.Add(1) <= packets {
			add(got, fl, 0)
		}
		return nil
	})
	pl, err := pipeline.From(sflow.Listen("127.0.0.1:0", sflow.OnListen(func(a netip.AddrPort) { at <- a }))).To(look).Build(pipeline.WithPoison())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- pl.Run(ctx) }()

	dir := t.TempDir()
	once, err := os.ReadFile(webCapture)
	require.NoError(t, err)
	twice := append(once, once[pcapHeader:]...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "twice.pcap"), twice, 0o600))
	conf := strings.Join([]string{
		"daemonize: false",
		"plugins: sfprobe",
		"pcap_savefile: twice.pcap",
		"pcap_savefile_wait: true",
		"sampling_rate: 1",
		"sfprobe_agentip: 192.0.2.33",
		"sfprobe_receiver: " + (<-at).String(),
	}, "\n") + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600))
	limit, stop := context.WithTimeout(t.Context(), 15*time.Second)
	defer stop()
	out := new(bytes.Buffer)
	cmd := exec.CommandContext(limit, pmacctd, "-f", "conf")
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, out, out, time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its plugins are processes
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	require.NoError(t, cmd.Start())
	assert.Eventually(t, func() bool { return samples.Load() >= packets }, 10*time.Second, 5*time.Millisecond)
	stop()
	_ = cmd.Wait() // was killed
	if t.Failed() {
		t.Log(out)
	}

	cancel()
	require.NoError(t, <-done)
	require.Len(t, got, len(want))
	for w, s := range want {
		require.Equal(t, s, got[w], w)
	}
	for name, n := range pl.Stats().Stages[0].Counters {
		switch name {
		case "datagrams", "bytes", "receive_buffer_bytes", "flow_samples":
		case "counter_samples": // pmacctd sends one when its clock says so
		default:
			require.Zero(t, n, name)
		}
	}
	require.NoError(t, pl.Stats().Check())
}
