//go:build linux

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/ebpf/bpf"
)

// Earlier notes the owners of the sockets that are there already, and returns how
// many. It looks at the open files of every process, for which it needs
// CAP_SYS_PTRACE; the error tells of those that it may not look at.
func (t *Table) Earlier() (found int, err error) {
	if !t.names.same {
		return 0, errors.New("sockets of other processes: not in the first namespace of processes")
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	var refused error
	for _, p := range processes {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue // no process
		}
		n, err := t.socketsOf(pid)
		found += n
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			refused = fmt.Errorf("sockets of process %d and perhaps others: %w", pid, err)
		}
	}
	return found, refused
}

// socketsOf notes the sockets of a process. What ends meanwhile has none.
func (t *Table) socketsOf(pid int) (found int, err error) {
	dir, err := t.group.of(pid)
	if err != nil || !t.group.holds(dir) {
		return 0, err
	}
	owner, err := describe(pid, dir)
	if err != nil {
		return 0, err
	}
	files := fmt.Sprintf("/proc/%d/fd", pid)
	open, err := os.ReadDir(files)
	if err != nil {
		return 0, err
	}
	handle, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(handle) }()
	for _, f := range open {
		to, err := os.Readlink(filepath.Join(files, f.Name()))
		if err != nil || !strings.HasPrefix(to, "socket:") {
			continue
		}
		number, err := strconv.Atoi(f.Name())
		if err != nil {
			continue
		}
		fd, err := unix.PidfdGetfd(handle, number, 0)
		if err != nil {
			return found, err
		}
		if t.note(fd, owner) {
			found++
		}
		_ = unix.Close(fd)
	}
	return found, nil
}

// describe returns a process as the owner of sockets.
func describe(pid int, dir string) (bpf.SocketsOwner, error) {
	o := bpf.SocketsOwner{Pid: uint32(pid)}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return o, err
	}
	o.At = uint64(now.Nano())
	var of unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d", pid), &of); err != nil {
		return o, err
	}
	o.Uid = of.Uid
	if err := unix.Stat(dir, &of); err != nil {
		return o, err
	}
	o.Cgroup = of.Ino
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return o, err
	}
	name, _, err := parseStat(stat)
	copy(o.Name[:], bytes.TrimSpace(name))
	return o, err
}

// note makes the owner of a socket known, unless the programs saw it already. It
// returns false when it is no socket of the Internet.
func (t *Table) note(fd int, o bpf.SocketsOwner) bool {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil || domain != unix.AF_INET && domain != unix.AF_INET6 {
		return false
	}
	if o.Cookie, err = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE); err != nil {
		return false
	}
	return t.maps.Sockets.Update(int32(fd), &o, ebpf.UpdateNoExist) == nil &&
		t.maps.Owners.Update(o.Cookie, &o, ebpf.UpdateNoExist) == nil
}
