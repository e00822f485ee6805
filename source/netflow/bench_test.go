package netflow_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	peer "github.com/netsampler/goflow2/v2/decoders/netflow"
	"github.com/netsampler/goflow2/v2/producer"
	protoproducer "github.com/netsampler/goflow2/v2/producer/proto"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
)

const (
	perDatagram = 30
	buffer      = 4 << 20
	burst       = 500 * time.Microsecond
)

// TestSender is the process that sends: it is told where to, how many datagrams a
// second and for how many milliseconds, and prints how many it sent.
func TestSender(t *testing.T) {
	to := os.Getenv("SENDER_TO")
	if to == "" {
		return
	}
	rate, _ := strconv.Atoi(os.Getenv("SENDER_RATE"))
	ms, _ := strconv.Atoi(os.Getenv("SENDER_MS"))
	c, err := net.Dial("udp", to)
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	payload := export.IPFIXData(0, perDatagram)
	_, err = c.Write(export.IPFIXTemplate(0))
	require.NoError(t, err)
	sent := 1
	begin := time.Now()
	for end := time.Duration(ms) * time.Millisecond; ; {
		now := time.Since(begin)
		if now > end {
			break
		}
		for due := int(now.Seconds() * float64(rate)); sent < due; sent++ {
			_, err := c.Write(payload)
			require.NoError(t, err)
		}
		time.Sleep(burst)
	}
	_, _ = os.Stdout.WriteString("sent " + strconv.Itoa(sent) + " in " + strconv.FormatInt(time.Since(begin).Milliseconds(), 10) + "\n")
}

// load runs the sender, and returns how many datagrams it sent and how fast.
func load(b *testing.B, to netip.AddrPort, rate int, d time.Duration) (sent int, perSecond float64) {
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestSender$")
	cmd.Env = append(os.Environ(), "SENDER_TO="+to.String(), "SENDER_RATE="+strconv.Itoa(rate), "SENDER_MS="+strconv.FormatInt(d.Milliseconds(), 10))
	out, err := cmd.Output()
	require.NoError(b, err, string(out))
	f := bytes.Fields(out)
	sent, err = strconv.Atoi(string(f[1]))
	require.NoError(b, err)
	ms, err := strconv.Atoi(string(f[3]))
	require.NoError(b, err)
	return sent, float64(sent) / float64(ms) * 1000
}

// highest searches the highest rate at which nothing of half a second is lost.
// received tells how many datagrams came so far.
func highest(b *testing.B, to netip.AddrPort, received func() uint64) {
	best := 0.0
	for rate := 4_000; ; rate = rate * 5 / 4 {
		before := received()
		sent, reached := load(b, to, rate, 500*time.Millisecond)
		settle(received)
		lost := uint64(sent) - (received() - before)
		if lost > 0 || reached < float64(rate)*0.95 {
			b.ReportMetric(100*float64(lost)/float64(sent), "lost-%-then")
			b.ReportMetric(reached*perDatagram, "offered-flows/s-then")
			break
		}
		best = reached
	}
	b.ReportMetric(best*perDatagram, "lossfree-flows/s")
	b.ReportMetric(0, "ns/op")
}

// settle waits until no more comes.
func settle(received func() uint64) {
	for n := received(); ; {
		time.Sleep(250 * time.Millisecond)
		if now := received(); now == n {
			return
		} else {
			n = now
		}
	}
}

// BenchmarkIngest is the highest rate at which one goroutine receives IPFIX of 30
// flows a datagram from a process on the same machine without loss: a loop that
// reads and does nothing, the peer's decoder and producer in such a loop, and the
// source in a pipeline that does nothing else. It ends also where the sender
// cannot send more.
func BenchmarkIngest(b *testing.B) {
	b.Run("floor", func(b *testing.B) {
		once(b)
		loop(b, func([]byte, netip.AddrPort) {})
	})
	b.Run("goflow2", func(b *testing.B) {
		once(b)
		loop(b, goflow2(b))
	})
	b.Run("netflow", func(b *testing.B) {
		once(b)
		at := make(chan netip.AddrPort, 1)
		src := netflow.Listen("127.0.0.1:0", netflow.ReceiveBuffer(buffer), netflow.OnListen(func(a netip.AddrPort) { at <- a }))
		pl, err := pipeline.From(src).To(sink.Discard()).Build()
		require.NoError(b, err)
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- pl.Run(ctx) }()
		highest(b, <-at, func() uint64 { return pl.Stats().Stages[0].Counters["datagrams"] })
		cancel()
		require.NoError(b, <-done)
	})
}

// once skips further rounds: one finds the rate, and takes seconds.
func once(b *testing.B) {
	if b.N > 1 {
		b.Skip("one round is enough")
	}
}

// loop reads datagrams one by one.
func loop(b *testing.B, handle func([]byte, netip.AddrPort)) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(b, err)
	require.NoError(b, conn.SetReadBuffer(buffer))
	var received atomic.Uint64
	done := make(chan struct{})
	go func() {
		defer close(done)
		p := make([]byte, 65535)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(p)
			if err != nil {
				return
			}
			handle(p[:n], from)
			received.Add(1)
		}
	}()
	highest(b, conn.LocalAddr().(*net.UDPAddr).AddrPort(), received.Load)
	_ = conn.Close()
	<-done
}

func goflow2(b *testing.B) func([]byte, netip.AddrPort) {
	templates := peer.CreateTemplateSystem()
	cfg, err := (&protoproducer.ProducerConfig{}).Compile()
	require.NoError(b, err)
	made, err := protoproducer.CreateProtoProducer(cfg, protoproducer.CreateSamplingSystem)
	require.NoError(b, err)
	return func(p []byte, from netip.AddrPort) {
		var v9 peer.NFv9Packet
		var ipfix peer.IPFIXPacket
		if err := peer.DecodeMessageVersion(bytes.NewBuffer(p), templates, &v9, &ipfix); err != nil {
			return
		}
		flows, err := made.Produce(&ipfix, &producer.ProduceArgs{Src: from, SamplerAddress: from.Addr(), TimeReceived: time.Now()})
		if err == nil {
			made.Commit(flows)
		}
	}
}
