//go:build linux

package kernel

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
)

// veth moves the rest of the test, on this thread, into a network namespace of its
// own with a pair of interfaces. What leaves the first comes in at the second; the
// table counts both.
func veth(t *testing.T, table *Table) (va, vb *netlink.LinkAttrs) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the namespace ends with the thread
	require.NoError(t, unix.Unshare(unix.CLONE_NEWNET))
	pair := netlink.NewVeth(netlink.LinkAttrs{Name: "va", TxQLen: 1000})
	pair.PeerName = "vb"
	require.NoError(t, netlink.LinkAdd(pair))
	va, vb = attributes(t, "va"), attributes(t, "vb")
	attach(t, va.Index, table.Egress(), ebpf.AttachTCXEgress)
	attach(t, vb.Index, table.Ingress(), ebpf.AttachTCXIngress)
	for _, l := range []*netlink.LinkAttrs{va, vb} {
		require.NoError(t, netlink.LinkSetUp(&netlink.Device{LinkAttrs: *l}))
	}
	until(t, func() bool {
		return attributes(t, "va").OperState == netlink.OperUp && attributes(t, "vb").OperState == netlink.OperUp
	})
	return va, vb
}

// until waits for a condition, on the thread of the test.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "waited for too long")
	}
}

func attributes(t *testing.T, name string) *netlink.LinkAttrs {
	t.Helper()
	l, err := netlink.LinkByName(name)
	require.NoError(t, err)
	return l.Attrs()
}

// attach attaches a program to an interface until the test ends.
func attach(t *testing.T, index int, p *ebpf.Program, at ebpf.AttachType) {
	t.Helper()
	attached, err := link.AttachTCX(link.TCXOptions{Interface: index, Program: p, Attach: at})
	if errors.Is(err, ebpf.ErrNotSupported) {
		t.Skip("needs TCX: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = attached.Close() })
}

// packetSocket returns a socket that sends frames.
func packetSocket(t *testing.T) int {
	t.Helper()
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(socket) })
	return socket
}

// drained adds what a swap gives to the totals of each interface, and returns how
// many flows it gave.
func drained(t *testing.T, table *Table, sums map[uint32]Tally) (flows int) {
	t.Helper()
	var e Entry
	add := func() {
		s := sums[e.Key.IfIndex]
		s.add(e.Delta.StackPackets, e.Delta.StackBytes)
		sums[e.Key.IfIndex] = s
		flows++
	}
	require.NoError(t, table.Swap())
	for {
		ok, err := table.Next(&e)
		require.NoError(t, err)
		if !ok {
			break
		}
		add()
	}
	for {
		kind, err := table.Event(time.Unix(1, 0), &e)
		require.NoError(t, err)
		switch kind {
		case Packet:
			add()
		case None:
			return flows
		}
	}
}

// TestEqualsTheInterface sends as fast as it can, and drains all the while. Flows,
// refused and lost packets together are what the interfaces counted, exactly, with
// room for all flows and without.
func TestEqualsTheInterface(t *testing.T) {
	for name, c := range map[string]Config{
		"room":     {MaxFlows: 1 << 14},
		"overflow": {MaxFlows: 1 << 8, RingBytes: 1 << 22},
		"loss":     {MaxFlows: 1 << 6, RingBytes: 1 << 12},
	} {
		t.Run(name, func(t *testing.T) {
			table := open(t, c)
			va, vb := veth(t, table)
			socket := packetSocket(t)
			done := make(chan error, 1)
			go func() {
				to := unix.SockaddrLinklayer{Ifindex: va.Index}
				arp := append(slices.Clone(udp[:12]), append([]byte{8, 6}, make([]byte, 46)...)...)
				for i := range 100_000 {
					frame := from(udp, i%5000)
					if i%100 == 0 {
						frame = arp
					}
					if err := unix.Sendto(socket, frame, 0, &to); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
			sums := map[uint32]Tally{}
			for sending := true; sending; {
				select {
				case err := <-done:
					require.NoError(t, err)
					sending = false
				default:
					drained(t, table, sums)
				}
			}
			until(t, func() bool { // the last ones may be on their way
				drained(t, table, sums)
				sent, received := attributes(t, "va").Statistics, attributes(t, "vb").Statistics
				c := counts(t, table)
				rest := Tally{c.Lost.Packets, c.Lost.Bytes}
				for _, r := range c.Refused {
					rest.add(r.Packets, r.Bytes)
				}
				out, in := sums[uint32(va.Index)], sums[uint32(vb.Index)]
				return out.Packets+in.Packets+rest.Packets == sent.TxPackets+received.RxPackets &&
					out.Bytes+in.Bytes+rest.Bytes == sent.TxBytes+received.RxBytes
			})
			got := counts(t, table)
			require.GreaterOrEqual(t, got.Refused[packet.ARP].Packets, uint64(2000))
			switch name {
			case "room":
				require.Zero(t, got.Overflowed+got.Lost.Packets)
			case "overflow":
				require.Positive(t, got.Overflowed)
			case "loss":
				require.Positive(t, got.Lost.Packets)
			}
			t.Logf("%d sent, %d overflowed, %d lost", attributes(t, "va").Statistics.TxPackets, got.Overflowed, got.Lost.Packets)
		})
	}
}

// TestAcceleratedTags sends tagged frames to an interface. The kernel takes the
// outer tag out of a frame that comes in, before it shows it to the program.
func TestAcceleratedTags(t *testing.T) {
	table := open(t, Config{MaxFlows: 100})
	va, vb := veth(t, table)
	socket := packetSocket(t)
	tags := [][]byte{{0x81, 0, 0xa0, 100}, {0x88, 0xa8, 0, 200, 0x81, 0, 0, 44}}
	for _, tag := range tags {
		for range 5 {
			require.NoError(t, unix.Sendto(socket, slices.Insert(slices.Clone(udp), 12, tag...), 0, &unix.SockaddrLinklayer{Ifindex: va.Index}))
		}
	}
	got := map[packet.Key]Entry{}
	packets := uint64(0)
	until(t, func() bool {
		require.NoError(t, table.Swap())
		for e := (Entry{}); ; {
			ok, err := table.Next(&e)
			require.NoError(t, err)
			if !ok {
				return packets == 20
			}
			if e.Key.Has&packet.KeyVLAN == 0 {
				continue // the kernel's own
			}
			packets += e.Delta.Packets
			e.Delta.Packets += got[e.Key].Delta.Packets
			e.Delta.Bytes += got[e.Key].Delta.Bytes
			e.Delta.StackBytes += got[e.Key].Delta.StackBytes
			got[e.Key] = e
		}
	})
	for index, has := range map[int]packet.KeyHas{va.Index: packet.KeyEgress, vb.Index: packet.KeyIngress} {
		key := packet.Key{IfIndex: uint32(index), VLAN: 100, Has: packet.KeyPorts | packet.KeyVLAN | has, Ports: 53<<16 | 4790, Proto: 17}
		key.Src, key.Dst = flow.MustParseAddr("192.0.2.1"), flow.MustParseAddr("192.0.2.2")
		for _, tag := range tags {
			e, ok := got[key]
			require.True(t, ok, "%+v of %+v", key, got)
			length := uint64(len(udp) + len(tag))
			d := e.Delta
			require.Equal(t, [2]uint64{5, 5 * length}, [2]uint64{d.Packets, d.Bytes})
			if has == packet.KeyIngress {
				length -= 4
			}
			require.Equal(t, 5*length, d.StackBytes)
			require.Equal(t, uint8(len(tag)/4), e.Packet.Tags)
			require.Equal(t, tag[2]>>5, e.Packet.VLANPriority)
			key.VLAN, key.InnerVLAN, key.Has = 200, 44, key.Has|packet.KeyInnerVLAN
		}
	}
}
