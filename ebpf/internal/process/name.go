//go:build linux

package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// ticks is how many ticks of /proc there are in a second, for user space always
// (proc_pid_stat(5)).
const ticks = 100

const maxNames = 4096

// names tells the names of processes from /proc.
type names struct {
	recent recent[moment, []byte]
	same   bool // /proc has the numbers that the programs tell
}

// initialPIDs is the inode of the first namespace of processes (proc_ns.h of the
// kernel), whose numbers the programs tell.
const initialPIDs = 0xeffffffc

// sameNumbers reports whether this process is in the first namespace of processes.
func sameNumbers() bool {
	var s unix.Stat_t
	return unix.Stat("/proc/self/ns/pid", &s) == nil && s.Ino == initialPIDs
}

// moment is a process and when there was one, by the boot clock in nanoseconds.
type moment struct {
	pid uint32
	at  uint64
}

func newNames() names {
	return names{newRecent[moment, []byte](maxNames), sameNumbers()}
}

func (n *names) of(pid uint32, at uint64) []byte {
	if !n.same {
		return nil
	}
	return n.recent.of(moment{pid, at}, name)
}

// name reads the name of a process, unless it ended meanwhile.
func name(m moment) []byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	if err != nil {
		return nil
	}
	name, started, err := parseStat(stat)
	if err != nil || started > m.at {
		return nil // its number was used again
	}
	return name
}

// parseStat returns the name of a process, and when it started by the boot clock, in
// nanoseconds, from what its stat file says.
func parseStat(stat []byte) (name []byte, started uint64, err error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return nil, 0, fmt.Errorf("no name in %q", stat)
	}
	const startTime = 22 - 3 // the number of the field, of which the first behind the name is 3
	fields := bytes.Fields(stat[end+1:])
	if len(fields) <= startTime {
		return nil, 0, fmt.Errorf("no time in %q", stat)
	}
	n, err := strconv.ParseUint(string(fields[startTime]), 10, 64)
	return stat[open+1 : end], n * (1e9 / ticks), err
}
