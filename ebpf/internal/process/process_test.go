//go:build linux

package process

import (
	"bytes"
	"math"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline/flow"
)

// openTest attaches to a control group of the test's own, in which nothing runs.
func openTest(t testing.TB) (*Table, string) {
	t.Helper()
	root, err := open("")
	if err != nil {
		t.Skip(err)
	}
	dir := root.dir + "/pipeline-table"
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { require.NoError(t, os.Remove(dir)) })
	table, err := Open(dir)
	if err != nil && os.Geteuid() != 0 {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, table.Close()) })
	return table, dir
}

// cookie returns the cookie of a socket.
func cookie(t *testing.T, c syscall.Conn) (cookie uint64) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		cookie, err = unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_COOKIE)
	}))
	require.NoError(t, err)
	return cookie
}

// TestEarlier looks for a socket of the test itself.
func TestEarlier(t *testing.T) {
	table, dir := openTest(t)
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = table.Earlier()
	require.NoError(t, err)
	_, ok := table.Of(cookie(t, c))
	require.False(t, ok, "it is in another control group than %s", dir)

	table.group.dir = table.group.mount
	found, err := table.Earlier()
	require.NoError(t, err)
	require.Positive(t, found)
	o, ok := table.Of(cookie(t, c))
	require.True(t, ok)
	require.Equal(t, uint32(os.Getpid()), o.PID)
	require.Equal(t, uint32(os.Getuid()), o.UID)
	require.Equal(t, "process.test", string(table.Name(&o)))
	again, err := table.Earlier()
	require.NoError(t, err)
	require.Less(t, again, found, "what is known stays")
}

func TestMistakes(t *testing.T) {
	_, err := Open("/proc")
	require.ErrorContains(t, err, "/proc is no control group")
	roots, err := cgroupMounts(strings.NewReader("nonsense\n\n1 2 0:3 / /x - cgroup2\n1 2 0:3 / /a\\040b rw - cgroup2 cgroup2 rw\n36 35 98:0 / /sys rw - sysfs sysfs rw\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"/a b"}, roots)
}

func TestName(t *testing.T) {
	self := moment{uint32(os.Getpid()), math.MaxUint64}
	require.Equal(t, "process.test", string(name(self)))
	require.Nil(t, name(moment{self.pid, 1}), "a process that began later")
	require.Nil(t, name(moment{math.MaxInt32, math.MaxUint64}), "none")

	got, started, err := parseStat([]byte("1 (a) b) R 1 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 1234 0"))
	require.NoError(t, err)
	require.Equal(t, "a) b", string(got))
	require.Equal(t, uint64(12_340_000_000), started)
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("1 (a) b) R 1 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 1234 0"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if name, _, err := parseStat(stat); err == nil && !bytes.Contains(stat, name) {
			t.Fatalf("%q is not in %q", name, stat)
		}
	})
}

func FuzzMounts(f *testing.F) {
	f.Add("1 2 0:3 / /a\\040b rw - cgroup2 cgroup2 rw")
	f.Fuzz(func(t *testing.T, mounts string) {
		roots, err := cgroupMounts(strings.NewReader(mounts))
		if err == nil && len(roots) > strings.Count(mounts, " - cgroup2 ") {
			t.Fatal(roots)
		}
	})
}

func TestContainer(t *testing.T) {
	id, other := strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
	for path, want := range map[string]string{
		"/system.slice/docker-" + id + ".scope":                           id,
		"/docker/" + id:                                                   id,
		"/kubepods.slice/pod1/cri-containerd-" + id + ".scope":            id,
		"/machine.slice/libpod-" + other + ".scope/crio-" + id + ".scope": id,
		"/user.slice/user-0.slice":                                        "",
		"/docker/" + id[1:]:                                               "",
	} {
		require.Equal(t, want, containerOf(path), path)
	}
	table, dir := openTest(t)
	var s unix.Stat_t
	require.NoError(t, unix.Stat(dir, &s))
	path, err := pathOf(table.group.mount, s.Ino)
	require.NoError(t, err)
	require.Equal(t, dir, path)
	_, err = pathOf(table.group.mount, math.MaxUint64)
	require.Error(t, err)
	require.Empty(t, table.Container(s.Ino))
}

func TestRecent(t *testing.T) {
	asked := 0
	r := newRecent[int, int](2)
	double := func(n int) int { asked++; return 2 * n }
	for _, n := range []int{1, 1, 2, 3, 1, 1} {
		require.Equal(t, 2*n, r.of(n, double))
	}
	require.Equal(t, 3, asked)
	for n := range 100 {
		require.Equal(t, 2*n, r.of(n, double))
		require.LessOrEqual(t, len(r.now)+len(r.last), 4)
	}
}

func TestResent(t *testing.T) {
	table := Table{resent: newRecent[uint64, *uint32](2)}
	for _, step := range []struct{ cookie, total, want uint32 }{{1, 0, 0}, {1, 3, 3}, {2, 1, 1}, {1, 3, 0}, {1, 5, 2}} {
		require.Equal(t, step.want, table.Resent(&Owner{cookie: uint64(step.cookie), Retransmits: step.total}))
	}
}

func TestLocal(t *testing.T) {
	l, err := NewLocal()
	require.NoError(t, err)
	defer l.Close()
	for a, want := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "192.0.2.1": false, "2001:db8::1": false, "::": false} {
		require.Equal(t, want, l.Has(flow.MustParseAddr(a)), a)
	}
	l.Forget()
	require.True(t, l.Has(flow.MustParseAddr("::1")))
}
