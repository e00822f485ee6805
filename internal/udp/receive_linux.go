//go:build linux && !386 && !s390x

package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

const (
	// CanShare tells whether several sockets can share a port.
	CanShare = true
	// KnowsDrops tells whether the kernel tells what it dropped.
	KnowsDrops = true

	soMemInfo    = 55 // SO_MEMINFO, asm-generic/socket.h
	memInfoDrops = 8  // SK_MEMINFO_DROPS, linux/sock_diag.h
	memInfoVars  = 9
	nameLen      = 28 // of struct sockaddr_in6
)

// prepare sets what must be set before the socket is bound.
func prepare(raw syscall.RawConn, share bool) (err error) {
	if !share {
		return nil
	}
	reusePort := 0xf
	if strings.HasPrefix(runtime.GOARCH, "mips") {
		reusePort = 0x200
	}
	cerr := raw.Control(func(fd uintptr) {
		err = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, reusePort, 1))
	})
	if cerr != nil {
		return cerr
	}
	return err
}

// grow asks for a receive buffer: beyond the system's bound if the process may,
// else up to it.
func grow(_ *net.UDPConn, raw syscall.RawConn, size int) (err error) {
	cerr := raw.Control(func(fd uintptr) {
		if syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, size) != nil {
			err = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, size))
		}
	})
	if cerr != nil {
		return cerr
	}
	return err
}

// header is struct mmsghdr.
type header struct {
	msg syscall.Msghdr
	n   uint32
}

// receiver takes many datagrams with one call of recvmmsg.
type receiver struct {
	raw     syscall.RawConn
	headers []header
	vecs    []syscall.Iovec
	names   [][nameLen]byte
	buf     []byte
	size    int // of the room for one datagram

	n     int
	errno syscall.Errno
	take  func(fd uintptr) bool
	try   func(fd uintptr)
}

func (r *receiver) init(s *Socket, c *Config) {
	r.raw, r.size = s.raw, c.MaxDatagram
	r.headers = make([]header, c.Batch)
	r.vecs = make([]syscall.Iovec, c.Batch)
	r.names = make([][nameLen]byte, c.Batch)
	r.buf = make([]byte, c.Batch*r.size)
	for i := range r.headers {
		r.vecs[i].Base = &r.buf[i*r.size]
		r.vecs[i].SetLen(r.size)
		m := &r.headers[i].msg
		m.Name, m.Namelen = &r.names[i][0], nameLen
		m.Iov, m.Iovlen = &r.vecs[i], 1
	}
	r.take = r.receive
	r.try = func(fd uintptr) { r.receive(fd) }
}

// receive reports whether there is a result; else the socket is empty.
func (r *receiver) receive(fd uintptr) bool {
	for {
		n, _, errno := syscall.Syscall6(syscall.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.headers[0])), uintptr(len(r.headers)), syscall.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			r.n, r.errno = int(n), 0
			return true
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			r.n, r.errno = 0, errno
			return false
		}
		r.n, r.errno = 0, errno
		return true
	}
}

// wait receives at least one message, before the socket's deadline.
func (r *receiver) wait() (int, error) { return r.result(r.raw.Read(r.take)) }

// poll receives what is there.
func (r *receiver) poll() (int, error) { return r.result(r.raw.Control(r.try)) }

func (r *receiver) result(err error) (int, error) {
	switch {
	case err != nil:
		return 0, err
	case r.errno == syscall.EAGAIN:
		return 0, os.ErrDeadlineExceeded
	case r.errno != 0:
		return 0, os.NewSyscallError("recvmmsg", r.errno)
	}
	return r.n, nil
}

// message returns a message of the latest call, and makes its place ready for
// the next.
func (r *receiver) message(i int) message {
	h := &r.headers[i]
	begin := i * r.size
	m := message{
		payload:   r.buf[begin : begin+int(h.n) : begin+int(h.n)],
		truncated: h.msg.Flags&syscall.MSG_TRUNC != 0,
	}
	name := &r.names[i]
	port := binary.BigEndian.Uint16(name[2:])
	switch binary.NativeEndian.Uint16(name[:]) {
	case syscall.AF_INET:
		m.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte(name[4:8])), port)
	case syscall.AF_INET6:
		m.from = netip.AddrPortFrom(netip.AddrFrom16([16]byte(name[8:24])).Unmap(), port)
	}
	h.msg.Namelen, h.msg.Flags = nameLen, 0
	return m
}

// drops returns how many datagrams the kernel could not put into the socket.
func (r *receiver) drops() (n uint64) {
	_ = r.raw.Control(func(fd uintptr) {
		var info [memInfoVars]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.SOL_SOCKET, soMemInfo, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 && size == uint32(unsafe.Sizeof(info)) {
			n = uint64(info[memInfoDrops])
		}
	})
	return n
}

func (r *receiver) bufferSize() (n int) {
	_ = r.raw.Control(func(fd uintptr) { n, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF) })
	return n
}
