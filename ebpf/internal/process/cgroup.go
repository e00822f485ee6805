//go:build linux

package process

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

// errNoCgroup says that there is no control group to attach to.
var errNoCgroup = errors.New("no control groups of version 2 are mounted")

// group is a control group.
type group struct {
	mount string // of the root
	dir   string
}

// open returns the control group with a path; the root when it is empty.
func open(path string) (group, error) {
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return group{}, err
	}
	defer mounts.Close()
	roots, err := cgroupMounts(mounts)
	if err != nil {
		return group{}, fmt.Errorf("read mounts: %w", err)
	}
	if len(roots) == 0 {
		return group{}, errNoCgroup
	}
	if path == "" {
		return group{roots[0], roots[0]}, nil
	}
	path = filepath.Clean(path)
	for _, root := range roots {
		if relative, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(relative) {
			_, err := os.Stat(path)
			return group{root, path}, err
		}
	}
	return group{}, fmt.Errorf("%s is no control group: those are below %s", path, strings.Join(roots, ", "))
}

// cgroupMounts returns where file systems of control groups of version 2 are mounted
// (proc_pid_mountinfo(5)).
func cgroupMounts(mountinfo io.Reader) (roots []string, err error) {
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if len(fields) > 4 && strings.HasPrefix(after, "cgroup2 ") {
			roots = append(roots, unescape.Replace(fields[4]))
		}
	}
	return roots, lines.Err()
}

// unescape is for what mountinfo writes as octal numbers.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// of returns the directory of the control group that a process is in.
func (g group) of(pid int) (dir string, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return filepath.Join(g.mount, path), nil
		}
	}
	return "", errNoCgroup
}

// holds reports whether a directory is that of the control group, or of one below.
func (g group) holds(dir string) bool {
	relative, err := filepath.Rel(g.dir, dir)
	return err == nil && filepath.IsLocal(relative)
}

const maxContainers = 4096

// containers tells the containers of control groups.
type containers struct {
	group  group
	recent recent[uint64, string]
}

func newContainers(g group) containers {
	return containers{g, newRecent[uint64, string](maxContainers)}
}

func (c *containers) of(cgroup uint64) string { return c.recent.of(cgroup, c.find) }

func (c *containers) find(cgroup uint64) string {
	path, err := pathOf(c.group.mount, cgroup)
	if err != nil {
		return ""
	}
	return containerOf(path)
}

// kernfsHandle is the type of file handles that are the id of a control group
// (FILEID_KERNFS of the kernel).
const kernfsHandle = 0xfe

// pathOf returns the path of the control group with an id. It needs
// CAP_DAC_READ_SEARCH.
func pathOf(mount string, cgroup uint64) (string, error) {
	root, err := unix.Open(mount, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(root) }()
	handle := unix.NewFileHandle(kernfsHandle, binary.NativeEndian.AppendUint64(nil, cgroup))
	fd, err := unix.OpenByHandleAt(root, handle, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return "", fmt.Errorf("control group %d: %w", cgroup, err)
	}
	defer func() { _ = unix.Close(fd) }()
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// containerID is what Docker, containerd, CRI-O and Podman name containers, and have
// in the names of their control groups.
var containerID = regexp.MustCompile(`[0-9a-f]{64}`)

// containerOf returns the id of the innermost container in the path of a control
// group, the empty string for none.
func containerOf(path string) string {
	ids := containerID.FindAllString(path, -1)
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}
