package ebpf_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// container is an id as container runtimes make them.
var container = strings.Repeat("0123456789abcdef", 4)

// owned is a flow, and what it tells of the process.
type owned struct {
	src, dst     string // with ports
	egress       bool
	proto        uint8
	packets      uint64
	pid, uid     uint32
	name         string
	cgroup       uint64
	container    string
	rtt          uint64
	resent       uint64
	knowsResent  bool
	known, attrs bool // the process; any of the fields
}

// look collects what flows tell of processes.
type look struct {
	*capture
	mu    sync.Mutex
	flows []owned
}

// attributed runs a source with Processes at va until look.stop.
func attributed(t *testing.T, n *netnstest.Namespace, cgroup string, opts ...ebpf.Option) *look {
	t.Helper()
	l := &look{}
	opts = append([]ebpf.Option{ebpf.Processes(), ebpf.Cgroup(cgroup), ebpf.Namespace(n.Path), ebpf.Interval(50 * time.Millisecond)}, opts...)
	l.capture = startTo(t, ebpf.Device("va", opts...), "tcp or udp", l.write)
	return l
}

func (l *look) write(b *flow.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for fl := range b.All() {
		o := owned{
			src: fmt.Sprintf("%s:%d", fl.SrcAddr, fl.SrcPort), dst: fmt.Sprintf("%s:%d", fl.DstAddr, fl.DstPort),
			egress: fl.Direction == flow.DirectionEgress, proto: fl.Proto, packets: fl.Packets,
		}
		o.pid, o.known = b.PID(fl)
		o.uid, _ = b.UID(fl)
		name, _ := b.ProcessName(fl)
		o.name = b.Symbols().String(name)
		o.cgroup, _ = b.CgroupID(fl)
		id, _ := b.Container(fl)
		o.container = string(id)
		var hasRTT bool
		o.rtt, hasRTT = b.RTT(fl)
		o.resent, o.knowsResent = b.Retransmits(fl)
		o.attrs = o.known || o.name != "" || o.cgroup != 0 || o.container != "" || hasRTT || o.knowsResent
		l.flows = append(l.flows, o)
	}
	return nil
}

// of returns the flows from or to a port, when the run has ended.
func (l *look) of(port int) (egress, ingress []owned) {
	for _, o := range l.flows {
		suffix := fmt.Sprintf(":%d", port)
		switch {
		case o.egress && strings.HasSuffix(o.src, suffix):
			egress = append(egress, o)
		case !o.egress && strings.HasSuffix(o.dst, suffix):
			ingress = append(ingress, o)
		}
	}
	return egress, ingress
}

// both requires that the flows of a local port tell a process in both directions.
func (l *look) both(port int, pid uint32) {
	l.t.Helper()
	egress, ingress := l.of(port)
	require.NotEmpty(l.t, egress, port)
	require.NotEmpty(l.t, ingress, port)
	for _, o := range append(egress, ingress...) {
		require.Equal(l.t, pid, o.pid, "port %d: %+v", port, o)
	}
}

// none requires that the flows of a local port tell no process.
func (l *look) none(port int) {
	l.t.Helper()
	egress, ingress := l.of(port)
	require.NotEmpty(l.t, egress, port)
	for _, o := range append(egress, ingress...) {
		require.False(l.t, o.attrs, "port %d: %+v", port, o)
	}
}

// byPrograms calls fn with the methods that tell processes, two namespaces and a
// control group.
func byPrograms(t *testing.T, fn func(t *testing.T, m ebpf.Option, a, b *netnstest.Namespace, cgroup string, id uint64)) {
	t.Helper()
	root := cgroups(t)
	for _, m := range []ebpf.Method{ebpf.TCX, ebpf.Clsact} {
		t.Run(m.String(), func(t *testing.T) {
			a, b := netnstest.Pair(t)
			netnstest.IPv6(t, a, b)
			dir, id := newCgroup(t, root, fmt.Sprintf("docker-%s.scope", container))
			fn(t, ebpf.Attach(m), a, b, dir, id)
		})
	}
}

// TestProcesses has clients and servers on the host whose interface is looked at,
// some with sockets that were opened before.
func TestProcesses(t *testing.T) {
	byPrograms(t, func(t *testing.T, m ebpf.Option, a, b *netnstest.Namespace, cgroup string, id uint64) {
		peer := newActor(t, b, "")
		peer.does("listen tcp :80")
		peer.does("listen udp :53")
		early, earlyUDP, earlyServer := newActor(t, a, cgroup), newActor(t, a, cgroup), newActor(t, a, cgroup)
		early.does("dial tcp 10.0.0.1:1001 10.0.0.2:80")
		earlyUDP.does("open udp :1002")
		earlyServer.does("listen tcp :1003")
		earlyServer.does("listen udp :1003")
		elsewhere := newActor(t, a, "")

		l := attributed(t, a, cgroup, m)
		early.does("write")
		earlyUDP.does("send 10.0.0.2:53")
		peer.does("dial tcp 10.0.0.2:2001 10.0.0.1:1003")
		peer.does("write")
		peer.does("close")
		peer.does("dial udp [fd00::2]:2002 [fd00::1]:1003")
		peer.does("write")
		peer.does("close")

		clients := map[int]*actor{}
		for port, dial := range map[int]string{
			1011: "dial tcp 10.0.0.1:1011 10.0.0.2:80",
			1012: "dial tcp [fd00::1]:1012 [fd00::2]:80",
			1013: "dial tcp [::ffff:10.0.0.1]:1013 [::ffff:10.0.0.2]:80",
			1014: "dial udp 10.0.0.1:1014 10.0.0.2:53",
			1015: "dial udp [fd00::1]:1015 [fd00::2]:53",
		} {
			clients[port] = newActor(t, a, cgroup)
			clients[port].does(dial)
			clients[port].does("write")
			if port%2 == 0 { // some live on
				clients[port].does("close")
				clients[port].end()
			}
		}
		for port, to := range map[int]string{1021: "10.0.0.2:53", 1022: "[fd00::2]:53"} {
			clients[port] = newActor(t, a, cgroup)
			clients[port].does("open udp :%d", port) // of both versions
			clients[port].does("send %s", to)
		}
		server := newActor(t, a, cgroup)
		for _, listen := range []string{"tcp 10.0.0.1:1031", "tcp :1032", "udp 10.0.0.1:1033", "udp :1034"} {
			server.does("listen %s", listen)
		}
		for _, dial := range []string{
			"tcp 10.0.0.2:2011 10.0.0.1:1031", "tcp [fd00::2]:2012 [fd00::1]:1032",
			"udp 10.0.0.2:2013 10.0.0.1:1033", "udp 10.0.0.2:2014 10.0.0.1:1034",
		} {
			peer.does("dial %s", dial)
			peer.does("write")
			peer.does("close")
		}
		elsewhere.does("dial tcp 10.0.0.1:1041 10.0.0.2:80")
		elsewhere.does("write")
		l.stop()
		require.Zero(t, l.counters()["failed_attributions"])

		l.both(1001, early.pid())
		l.both(1002, earlyUDP.pid())
		l.both(1003, earlyServer.pid())
		for port, c := range clients {
			l.both(port, c.pid())
		}
		for _, port := range []int{1031, 1032, 1033, 1034} {
			l.both(port, server.pid())
		}
		l.none(1041)
		for _, o := range l.flows {
			if !o.known {
				continue
			}
			require.Equal(t, [2]uint64{id, uint64(os.Getuid())}, [2]uint64{o.cgroup, uint64(o.uid)}, "%+v", o)
			require.Equal(t, [2]string{"ebpf.test", container}, [2]string{o.name, o.container}, "%+v", o)
			require.Equal(t, o.rtt > 0 && o.egress, o.knowsResent, "%+v", o)
			require.Zero(t, o.resent, "%+v", o)
		}
		for _, port := range []int{1011, 1012, 1013} {
			egress, ingress := l.of(port)
			for _, o := range append(egress, ingress...) {
				require.Positive(t, o.rtt, "%+v", o)
				require.Less(t, o.rtt, uint64(10*time.Second))
			}
		}
	})
}

var _ pipeline.Source
