package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/internal/datagram"
	"github.com/flowpipeline/pipeline/internal/udp"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/source/replay"
)

// role is the variable of the environment that makes a process a child, so that
// what it costs can be told from what the others cost.
const role = "INGESTBENCH_ROLE"

// result is what a child prints at its end.
type result struct {
	Datagrams uint64        // sent or received
	Flows     uint64        // likewise
	Elapsed   time.Duration // of sending, or of reading a recording
}

// child does what the parent wants of this process, if it has one.
func child() (isChild bool, err error) {
	args := strings.Fields(os.Getenv(role))
	if len(args) == 0 {
		return false, nil
	}
	var r result
	switch args[0] {
	case "send":
		r, err = sendAll(args[1:])
	case "floor":
		r, err = throwAway()
	case "memory":
		r, err = replayMemory(args[1], args[2])
	default:
		r, err = receive(args[0], args[1], args[2])
	}
	if err != nil {
		return true, err
	}
	return true, json.NewEncoder(os.Stdout).Encode(r)
}

// untilTold returns a context that ends when the parent closes the standard input.
func untilTold() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

func listening(at netip.AddrPort) { fmt.Println(at.Port()) }

// wanted is the filter between the source and the JSON lines: a usual one, that
// all flows pass.
var wanted = filter.Expr("proto tcp or udp or icmp and bytes >=0")

// sinks by the name of the role.
var sinks = map[string]func(dir string) pipeline.Sink{
	"count": func(string) pipeline.Sink { return sink.Discard() },
	"json":  func(string) pipeline.Sink { return sink.JSONFile(os.DevNull) },
	"proto": func(dir string) pipeline.Sink { return sink.ProtoFile(filepath.Join(dir, "flows.pb")) },
}

// receive runs a pipeline from a socket to a sink.
func receive(name, dir, lanes string) (r result, err error) {
	n, err := strconv.Atoi(lanes)
	if err != nil {
		return r, err
	}
	from := pipeline.From(netflow.Listen("127.0.0.1:0", netflow.ReceiveBuffer(receiveBuffer), netflow.OnListen(listening)))
	if name == "json" {
		from = from.Filter(wanted)
	}
	pl, err := from.To(sinks[name](dir)).Build(pipeline.WithLanes(n))
	if err != nil {
		return r, err
	}
	if err := pl.Run(untilTold()); err != nil {
		return r, err
	}
	s := pl.Stats().Stages[0]
	return result{Datagrams: s.Counters["datagrams"], Flows: s.In}, nil
}

// throwAway is the floor: it takes datagrams from the kernel and does nothing.
func throwAway() (r result, err error) {
	ctx := untilTold()
	sockets, err := udp.Listen(ctx, udp.Config{Address: "127.0.0.1:0", Buffer: receiveBuffer, Now: func() int64 { return 0 }})
	if err != nil {
		return r, err
	}
	defer func() { _ = sockets[0].Close() }()
	listening(sockets[0].Addr())
	for ctx.Err() == nil {
		if _, err := sockets[0].Receive(ctx, time.Now().Add(time.Second)); err != nil && err != os.ErrDeadlineExceeded && ctx.Err() == nil {
			return r, err
		}
	}
	c := sockets[0].Counts()
	return result{Datagrams: c.Datagrams, Flows: c.Datagrams * perDatagram}, nil
}

// memoryDatagrams is how many datagrams replayMemory holds.
const memoryDatagrams = 20_000

// replayMemory runs a pipeline from a recording in memory to JSON lines, so many
// times: what one core does without a kernel and a sender.
func replayMemory(protocol, times string) (r result, err error) {
	n, err := strconv.Atoi(times)
	if err != nil {
		return r, err
	}
	var recording bytes.Buffer
	rec := datagram.NewRecorder(&recording)
	s := newStream(protocol, 1)
	payload := s.first()
	for range memoryDatagrams {
		if err := rec.Write(&datagram.Datagram{Payload: payload, From: netip.MustParseAddrPort("127.0.0.1:1"), Received: seconds * 1e9}); err != nil {
			return r, err
		}
		payload = s.datagram()
	}
	if err := rec.Close(); err != nil {
		return r, err
	}
	begin := time.Now()
	for range n {
		pl, err := pipeline.From(replay.Reader("memory", bytes.NewReader(recording.Bytes()))).Filter(wanted).To(sink.JSONFile(os.DevNull)).Build()
		if err != nil {
			return r, err
		}
		if err := pl.Run(context.Background()); err != nil {
			return r, err
		}
		r.Flows += pl.Stats().Stages[0].In
	}
	r.Elapsed = time.Since(begin)
	return r, nil
}

// exporters is how many a sender is, each with a port and an observation domain
// of its own, so that sockets can share the load.
const exporters = 4

// burst is how often a sender sends what is due.
const burst = 500 * time.Microsecond

// sendAll sends at a rate, in datagrams a second, for a time.
func sendAll(args []string) (r result, err error) {
	to, protocol := args[0], args[1]
	rate, err := strconv.ParseFloat(args[2], 64)
	if err != nil {
		return r, err
	}
	d, err := time.ParseDuration(args[3])
	if err != nil {
		return r, err
	}
	var streams [exporters]*stream
	var conns [exporters]net.Conn
	for i := range exporters {
		streams[i] = newStream(protocol, uint32(i+1))
		if conns[i], err = net.Dial("udp", to); err != nil {
			return r, err
		}
		if _, err = conns[i].Write(streams[i].first()); err != nil {
			return r, err
		}
		r.Datagrams++
	}
	begin := time.Now()
	for sent := 0; ; {
		now := time.Since(begin)
		for due := int(min(now, d).Seconds() * rate); sent < due; sent++ {
			i := sent % exporters
			if _, err = conns[i].Write(streams[i].datagram()); err != nil {
				return r, err
			}
		}
		if now >= d {
			r.Flows, r.Elapsed = uint64(sent)*perDatagram, time.Since(begin)
			r.Datagrams += uint64(sent)
			return r, nil
		}
		time.Sleep(burst)
	}
}
