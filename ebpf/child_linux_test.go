package ebpf_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
	"github.com/flowpipeline/pipeline/sink"
)

// childMethod tells a child process to run a source on vb, by which method.
const childMethod = "PIPELINE_EBPF_METHOD"

// childCgroup tells it to tell the processes of a control group too.
const childCgroup = "PIPELINE_EBPF_CGROUP"

// childMode returns what a child process of a test does; nil in the test itself.
func childMode() func() {
	if os.Getenv(actorMode) != "" {
		return act
	}
	n, err := strconv.Atoi(os.Getenv(childMethod))
	if err != nil {
		return nil
	}
	return func() {
		log := &logged{}
		var optional []ebpf.Option
		if cgroup := os.Getenv(childCgroup); cgroup != "" {
			optional = []ebpf.Option{ebpf.Processes(), ebpf.Cgroup(cgroup)}
		}
		plan := pipeline.From(ebpf.Device("vb", append(optional, ebpf.Attach(ebpf.Method(n)))...)).To(sink.Discard())
		opened := pipeline.Observer{Opened: func(stage string) {
			if stage == "ebpf(vb)" {
				_, _ = fmt.Fprintln(os.Stdout, "open\n"+log.String())
			}
		}}
		err := plan.Run(context.Background(), log.option(), pipeline.WithObserver(opened))
		_, _ = fmt.Fprintln(os.Stdout, err)
	}
}

// child starts a process that runs a source in a namespace with no capabilities
// but those that are given. It returns the first line that it prints, and functions
// that return the others, up to an empty one, and kill it.
func child(t *testing.T, path string, n *netnstest.Namespace, m ebpf.Method, capabilities ...int) (first string, rest func() string, kill func()) {
	t.Helper()
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childMethod, m))
	if capabilities != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Credential:  &syscall.Credential{Uid: 65534, Gid: 65534},
			AmbientCaps: ambient(capabilities),
		}
	}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	n.Inside(t, cmd.Start)
	kill = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(kill)
	lines := bufio.NewReader(out)
	first, err = lines.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(first), func() (text string) {
		for line := ""; err == nil && line != "\n"; line, err = lines.ReadString('\n') {
			text += line
		}
		return text
	}, kill
}

func ambient(capabilities []int) (all []uintptr) {
	for _, c := range capabilities {
		all = append(all, uintptr(c))
	}
	return all
}

// TestKilled kills a process that counts. Only the filters of clsact stay, and the
// next run removes them.
func TestKilled(t *testing.T) {
	for _, m := range []ebpf.Method{ebpf.TCX, ebpf.Clsact, ebpf.AFPacket} {
		t.Run(m.String(), func(t *testing.T) {
			_, b := netnstest.Pair(t)
			first, _, kill := child(t, os.Args[0], b, m)
			require.Equal(t, "open", first)
			if m != ebpf.AFPacket {
				require.NotEmpty(t, attached(t, b, "vb"))
			}
			kill()
			if m == ebpf.Clsact {
				require.NotEmpty(t, attached(t, b, "vb"))
				start(t, ebpf.Device("vb", ebpf.Attach(m), ebpf.Namespace(b.Path)), "").stop()
			}
			netnstest.Eventually(t, func() bool { return len(attached(t, b, "vb")) == 0 }, "nothing is attached")
		})
	}
}

// TestCapabilities runs a source with less and less rights.
func TestCapabilities(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give up rights")
	}
	path := everybodys(t)
	_, b := netnstest.Pair(t)
	all := []int{unix.CAP_BPF, unix.CAP_PERFMON, unix.CAP_NET_ADMIN}

	first, _, kill := child(t, path, b, ebpf.Auto, all...)
	require.Equal(t, "open", first, "the documented capabilities are enough")
	kill()
	for _, m := range []ebpf.Method{ebpf.TCX, ebpf.Clsact} {
		first, _, kill = child(t, path, b, m, unix.CAP_NET_ADMIN)
		require.Contains(t, first, "needs CAP_BPF")
		require.Contains(t, first, "grant it with setcap cap_bpf,")
		kill()
		first, _, kill = child(t, path, b, m, unix.CAP_BPF, unix.CAP_PERFMON)
		require.Contains(t, first, "needs CAP_NET_ADMIN")
		kill()
	}
	first, _, kill = child(t, path, b, ebpf.AFPacket, unix.CAP_NET_RAW)
	require.Equal(t, "open", first)
	kill()
	first, _, kill = child(t, path, b, ebpf.AFPacket, unix.CAP_BPF)
	require.Contains(t, first, "needs CAP_NET_RAW")
	kill()

	// Without programs there are still packets, and the log says why.
	first, rest, kill := child(t, path, b, ebpf.Auto, unix.CAP_NET_RAW)
	require.Equal(t, "open", first)
	text := rest()
	kill()
	require.Contains(t, text, "method=AF_PACKET")
	require.Equal(t, 1, strings.Count(text, "needs CAP_BPF"), text)
}

// everybodys returns a copy of the test that every user can run.
func everybodys(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		require.NoError(t, os.Chmod(d, 0o755))
	}
	path := filepath.Join(dir, "test")
	binary, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, binary, 0o755))
	return path
}
