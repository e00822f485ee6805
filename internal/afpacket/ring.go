//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring shows the packets of one interface. It is for one goroutine.
type Ring struct {
	config Config
	fd     int
	memory []byte
	blocks int

	block int // the next one to read, or that is being read
	left  int // packets of it that are left; the block is ours while reading
	at    int // where the next packet is in it
	ours  bool

	drops uint64
}

// Open makes a ring in the network namespace of the calling thread. It needs
// CAP_NET_RAW.
func Open(c Config) (*Ring, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	// Nothing comes before the ring is bound.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w", err)
	}
	r := &Ring{config: c, fd: fd, blocks: c.blocks()}
	if err := r.begin(&c); err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// begin sets up the ring, then has packets come.
func (r *Ring) begin(c *Config) (err error) {
	if err := r.set(c); err != nil {
		return err
	}
	r.memory, err = unix.Mmap(r.fd, 0, r.blocks*blockBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the ring of %d bytes: %w", r.blocks*blockBytes, err)
	}
	all := &unix.SockaddrLinklayer{Protocol: bigEndian(unix.ETH_P_ALL), Ifindex: c.Interface}
	if err := unix.Bind(r.fd, all); err != nil {
		return fmt.Errorf("bind to interface %d: %w", c.Interface, err)
	}
	return nil
}

func bigEndian(n uint16) uint16 { return n<<8 | n>>8 }

// set sets the options of the socket. The order matters to the kernel.
func (r *Ring) set(c *Config) error {
	for _, o := range []struct {
		name          string
		option, value int
	}{
		{"version", unix.PACKET_VERSION, unix.TPACKET_V3},
		{"segmentation headers", unix.PACKET_VNET_HDR, 1},
		{"outgoing packets", unix.PACKET_IGNORE_OUTGOING, boolean(c.IgnoreOutgoing)},
	} {
		if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, o.option, o.value); err != nil && (o.option != unix.PACKET_IGNORE_OUTGOING || c.IgnoreOutgoing) {
			return fmt.Errorf("packet socket: %s: %w", o.name, err)
		}
	}
	if err := r.keep(c.SnapLen); err != nil {
		return err
	}
	request := &unix.TpacketReq3{
		Block_size:     blockBytes,
		Block_nr:       uint32(r.blocks),
		Frame_size:     blockBytes,
		Frame_nr:       uint32(r.blocks),
		Retire_blk_tov: uint32(c.Retire.Milliseconds()),
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, request); err != nil {
		return fmt.Errorf("packet socket: ring of %d bytes: %w", r.blocks*blockBytes, err)
	}
	return nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// keep has the kernel keep n bytes of each packet; with 0 none comes any more.
func (r *Ring) keep(n int) error {
	program := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: uint32(n)}}
	if err := unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &program[0]}); err != nil {
		return fmt.Errorf("packet socket: snap length: %w", err)
	}
	return nil
}

// header returns a block's header, and the word that tells whose it is.
func (r *Ring) header(block int) (*unix.TpacketHdrV1, *uint32) {
	d := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.memory[block*blockBytes]))
	h := (*unix.TpacketHdrV1)(unsafe.Pointer(&d.Hdr[0]))
	return h, &h.Block_status
}

// Next returns the next packet, and false when there is none now. The packet's
// data is valid until the next call.
func (r *Ring) Next(f *Frame) bool {
	for r.left == 0 {
		h, status := r.header(r.block)
		if r.ours {
			h.Num_pkts = 0 // for Waiting, until the kernel begins with the block
			atomic.StoreUint32(status, unix.TP_STATUS_KERNEL)
			r.ours = false
			r.block = (r.block + 1) % r.blocks
			continue
		}
		if atomic.LoadUint32(status)&unix.TP_STATUS_USER == 0 {
			return false
		}
		r.ours, r.left, r.at = true, int(h.Num_pkts), int(h.Offset_to_first_pkt)
	}
	p := r.memory[r.block*blockBytes+r.at : (r.block+1)*blockBytes]
	f.read(p, &r.config)
	r.at += int((*unix.Tpacket3Hdr)(unsafe.Pointer(&p[0])).Next_offset)
	r.left--
	return true
}

// Stop has no more packets come. What the ring holds can still be read; Waiting
// tells whether there is more to wait for.
func (r *Ring) Stop() error { return r.keep(0) }

// Waiting reports whether there are packets in the ring that Next has not given
// out, those of the block that the kernel fills included.
func (r *Ring) Waiting() bool {
	if r.left > 0 {
		return true
	}
	block := r.block
	if r.ours {
		block = (block + 1) % r.blocks
	}
	h, _ := r.header(block)
	return atomic.LoadUint32(&h.Num_pkts) > 0
}

// clear forgets an error of the socket, as that the interface went down. Packets
// come again when it is up.
func (r *Ring) clear() {
	_, _ = unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
}

// Drops returns how many packets the ring had no room for, so far.
func (r *Ring) Drops() uint64 {
	// The kernel begins at 0 again with each call.
	if s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		r.drops += uint64(s.Drops)
	}
	return r.drops
}

// Close gives up the ring. The data of a packet is no longer valid.
func (r *Ring) Close() error {
	var err error
	if r.memory != nil {
		err = unix.Munmap(r.memory)
		r.memory = nil
	}
	return errors.Join(err, unix.Close(r.fd))
}
