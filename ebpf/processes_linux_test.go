package ebpf_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"

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
		for _, port := range []int{1011, 1012, 1013, 1031, 1032} {
			egress, ingress := l.of(port)
			for _, o := range append(egress, ingress...) {
				require.Positive(t, o.rtt, "%+v", o)
				require.Less(t, o.rtt, uint64(10*time.Second))
			}
		}
	})
}

// TestPortsUsedAgain has two processes use a port one after the other, so that their
// packets are counted as one flow; some are of another control group.
func TestPortsUsedAgain(t *testing.T) {
	byPrograms(t, func(t *testing.T, m ebpf.Option, a, b *netnstest.Namespace, cgroup string, _ uint64) {
		peer, first, second, stranger := newActor(t, b, ""), newActor(t, a, cgroup), newActor(t, a, cgroup), newActor(t, a, "")
		peer.does("listen tcp :80")
		peer.does("listen udp :53")
		for _, d := range []ebpf.Directions{ebpf.Both, ebpf.Ingress} {
			l := attributed(t, a, cgroup, m, ebpf.Interval(2*time.Second), ebpf.Direction(d))
			for i, c := range []*actor{first, second, first, stranger, stranger, first} {
				port := 3001 + i/2*10
				c.does("open udp 10.0.0.1:%d", port)
				c.does("send 10.0.0.2:53")
				c.does("close")
				c.does("dial udp 10.0.0.1:%d 10.0.0.2:53", port+1)
				c.does("write")
				c.does("close")
				c.does("dial tcp 10.0.0.1:%d 10.0.0.2:80", port+2)
				c.does("write")
				c.does("reset")
			}
			first.does("dial udp 10.0.0.1:3031 10.0.0.2:53")
			first.does("write")
			first.does("close")
			first.does("open udp 10.0.0.1:3031")
			first.does("send 10.0.0.2:53")
			first.does("close")
			l.stop()
			for _, port := range []int{3001, 3002, 3003, 3011, 3012, 3013, 3021, 3022, 3023} {
				egress, ingress := l.of(port)
				require.Equal(t, d == ebpf.Both, len(egress) > 0)
				require.NotEmpty(t, ingress)
				for _, flows := range [][]owned{egress, ingress} {
					if len(flows) > 1 {
						continue // the machine was slow, so that each process has a flow
					}
					for _, o := range flows {
						require.False(t, o.attrs, "%+v", o)
					}
				}
			}
			_, ingress := l.of(3031)
			for _, o := range ingress {
				require.Equal(t, first.pid(), o.pid, "two sockets of one process")
			}
		}
	})
}

// TestServersFollowEachOther has one server take over the port of another.
func TestServersFollowEachOther(t *testing.T) {
	byPrograms(t, func(t *testing.T, m ebpf.Option, a, b *netnstest.Namespace, cgroup string, _ uint64) {
		peer := newActor(t, b, "")
		l := attributed(t, a, cgroup, m, ebpf.Interval(2*time.Second))
		pids := map[string]uint32{}
		for i := range 4 {
			server := newActor(t, a, cgroup)
			for _, network := range []string{"tcp", "udp"} {
				server.does("listen %s :4001", network)
				from := fmt.Sprintf("10.0.0.2:%d", 4100+2*i+len(pids)%2)
				peer.does("dial %s %s 10.0.0.1:4001", network, from)
				peer.does("write")
				peer.does("reset")
				pids[from] = server.pid()
			}
			server.end()
		}
		l.stop()
		l.checkPeers(pids)
	})
}

// checkPeers requires that flows tell the process that the peer's address belongs to.
func (l *look) checkPeers(pids map[string]uint32) {
	l.t.Helper()
	seen := 0
	for _, o := range l.flows {
		peer := o.src
		if o.egress {
			peer = o.dst
		}
		if pid, ok := pids[peer]; ok {
			seen++
			require.Equal(l.t, pid, o.pid, "%+v", o)
		}
	}
	require.GreaterOrEqual(l.t, seen, 2*len(pids))
}

// TestForwarded has packets pass the host to the port at which a local process
// listens for all addresses: they are not the process's.
func TestForwarded(t *testing.T) {
	byPrograms(t, func(t *testing.T, m ebpf.Option, a, b *netnstest.Namespace, cgroup string, _ uint64) {
		a.Run(t, "ip", "link", "add", "vc", "type", "veth", "peer", "name", "vd")
		a.Run(t, "ip", "link", "set", "vd", "up")
		a.Run(t, "ip", "addr", "add", "10.1.0.1/24", "dev", "vc")
		a.Run(t, "ip", "link", "set", "vc", "up")
		a.Run(t, "ip", "neigh", "add", "10.1.0.9", "lladdr", "02:00:00:00:00:09", "dev", "vc")
		a.Run(t, "sysctl", "-qw", "net.ipv4.ip_forward=1")
		b.Run(t, "ip", "route", "add", "10.1.0.0/24", "via", "10.0.0.1")
		server := newActor(t, a, cgroup)
		server.does("listen udp :5001")
		l := attributed(t, a, cgroup, m)
		for _, to := range []string{"10.1.0.9:5001", "10.1.0.1:5001"} {
			_, err := dial(t, b, to).Write([]byte("hello"))
			require.NoError(t, err)
		}
		netnstest.Eventually(t, func() bool { return a.Traffic(t, "vc").TxPackets > 0 }, "a packet is forwarded")
		l.stop()
		got := map[string]uint32{}
		for _, o := range l.flows {
			if !o.egress {
				got[o.dst] = o.pid
			}
		}
		require.Equal(t, map[string]uint32{"10.1.0.9:5001": 0, "10.1.0.1:5001": server.pid()}, got)
	})
}

// TestRetransmits has segments get lost.
func TestRetransmits(t *testing.T) {
	byPrograms(t, func(t *testing.T, m ebpf.Option, a, b *netnstest.Namespace, cgroup string, _ uint64) {
		peer, client := newActor(t, b, ""), newActor(t, a, cgroup)
		peer.does("listen tcp :80")
		l := attributed(t, a, cgroup, m, ebpf.Active(200*time.Millisecond))
		client.does("dial tcp 10.0.0.1:6001 10.0.0.2:80")
		client.does("write")
		b.Run(t, "ip", "route", "add", "blackhole", "10.0.0.1/32")
		before := a.SegmentsOut(t)
		written := make(chan struct{})
		go func() {
			defer close(written)
			client.does("write")
		}()
		netnstest.Eventually(t, func() bool { return a.SegmentsOut(t) >= before+4 }, "segments are sent again")
		b.Run(t, "ip", "route", "del", "blackhole", "10.0.0.1/32")
		<-written
		client.does("close")
		least := a.Retransmitted(t)
		l.stop()
		egress, ingress := l.of(6001)
		sum := uint64(0)
		for _, o := range egress {
			sum += o.resent
		}
		for _, o := range ingress {
			require.False(t, o.knowsResent)
		}
		require.GreaterOrEqual(t, sum, max(least, 3))
		require.LessOrEqual(t, sum, a.Retransmitted(t), "the end of the connection may be sent again too")
	})
}

// TestWithoutProcesses looks for programs at control groups.
func TestWithoutProcesses(t *testing.T) {
	root := cgroups(t)
	a, _ := netnstest.Pair(t)
	dir, id := newCgroup(t, root, "pipeline-test")
	c := start(t, ebpf.Device("va", ebpf.Attach(ebpf.TCX), ebpf.Namespace(a.Path)), "")
	require.Zero(t, hooks(t, id), "no programs without the option")
	c.stop()

	l := attributed(t, a, dir, ebpf.Attach(ebpf.TCX))
	require.Equal(t, 9, hooks(t, id))
	l.stop()
	require.Zero(t, hooks(t, id))

	for cgroup, why := range map[string]string{
		root + "/there is none": "no such file or directory",
		"/tmp":                  "/tmp is no control group: those are below " + root,
	} {
		log := &logged{}
		c = start(t, ebpf.Device("va", ebpf.Attach(ebpf.TCX), ebpf.Namespace(a.Path), ebpf.Processes(), ebpf.Cgroup(cgroup)), "", log.option())
		require.Contains(t, log.String(), "processes are not told")
		require.Contains(t, log.String(), why)
		a.Ping(t, "10.0.0.2", 1, 0)
		require.Len(t, c.stop(), 2)
		require.Equal(t, uint64(1), c.counters()["failed_attributions"])
	}
	log := &logged{}
	c = start(t, ebpf.Device("va", ebpf.Attach(ebpf.AFPacket), ebpf.Namespace(a.Path), ebpf.Processes()), "", log.option())
	c.stop()
	require.Contains(t, log.String(), "processes are not told")
}

// TestProcessesKilled kills a process that has programs at control groups.
func TestProcessesKilled(t *testing.T) {
	_, b := netnstest.Pair(t)
	dir, id := newCgroup(t, cgroups(t), "pipeline-test")
	t.Setenv(childCgroup, dir)
	first, _, kill := child(t, os.Args[0], b, ebpf.TCX)
	require.Equal(t, "open", first)
	require.Equal(t, 9, hooks(t, id))
	kill()
	netnstest.Eventually(t, func() bool { return hooks(t, id) == 0 }, "nothing is left")
}

// hooks returns how many programs there are at a control group.
func hooks(t *testing.T, cgroup uint64) (n int) {
	t.Helper()
	var links link.Iterator
	defer links.Close()
	for links.Next() {
		info, err := links.Link.Info()
		require.NoError(t, err)
		if c := info.Cgroup(); c != nil && c.CgroupId == cgroup {
			n++
		}
	}
	require.NoError(t, links.Err())
	return n
}
