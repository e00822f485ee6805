package ebpf_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// actorMode has a child process do with sockets what its input tells.
const actorMode = "PIPELINE_EBPF_ACTOR"

// actor is a process with sockets.
type actor struct {
	t       testing.TB
	process *exec.Cmd
	in      io.Writer
	out     *bufio.Reader
}

// newActor starts a process in a namespace and a control group, whose directory may
// be empty for that of the test.
func newActor(t testing.TB, n *netnstest.Namespace, cgroup string) *actor {
	t.Helper()
	a := &actor{t: t, process: exec.Command(os.Args[0])}
	a.process.Env = append(os.Environ(), actorMode+"=1")
	if cgroup != "" {
		dir, err := os.Open(cgroup)
		require.NoError(t, err)
		defer dir.Close()
		a.process.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	}
	in, err := a.process.StdinPipe()
	require.NoError(t, err)
	out, err := a.process.StdoutPipe()
	require.NoError(t, err)
	a.in, a.out = in, bufio.NewReader(out)
	n.Inside(t, a.process.Start)
	t.Cleanup(a.end)
	return a
}

// end kills the process.
func (a *actor) end() {
	_ = a.process.Process.Kill()
	_ = a.process.Wait()
}

func (a *actor) pid() uint32 { return uint32(a.process.Process.Pid) }

// does has the process do something, and returns when that is done.
func (a *actor) does(format string, args ...any) {
	a.t.Helper()
	_, err := fmt.Fprintf(a.in, format+"\n", args...)
	require.NoError(a.t, err)
	line, err := a.out.ReadString('\n')
	require.NoError(a.t, err)
	require.Equal(a.t, "done\n", line, format, args)
}

// act does what the input tells, line by line.
func act() {
	lines := bufio.NewScanner(os.Stdin)
	var s stage
	for lines.Scan() {
		err := s.do(strings.Fields(lines.Text()))
		if err == nil {
			err = errors.New("done")
		}
		_, _ = fmt.Fprintln(os.Stdout, err)
	}
}

// stage is the socket of an actor.
type stage struct {
	conn   net.Conn
	packet net.PacketConn
}

// do does one of
//
//	listen NETWORK ADDRESS          // and answers
//	dial NETWORK LOCAL REMOTE
//	open NETWORK LOCAL              // a UDP socket that is not connected
//	send REMOTE                     // by that socket, and waits for the answer
//	write                           // by what was dialled, and waits for the answer
//	close
//	reset                           // the TCP connection, if it is one
func (s *stage) do(words []string) (err error) {
	switch words[0] {
	case "listen":
		return listen(words[1], words[2])
	case "dial":
		var d net.Dialer
		if strings.HasPrefix(words[1], "udp") {
			d.LocalAddr, err = net.ResolveUDPAddr(words[1], words[2])
		} else {
			d.LocalAddr, err = net.ResolveTCPAddr(words[1], words[2])
		}
		if err == nil {
			s.conn, err = d.Dial(words[1], words[3])
		}
		return err
	case "open":
		s.packet, err = net.ListenPacket(words[1], words[2])
		return err
	case "send":
		to, err := net.ResolveUDPAddr("udp", words[1])
		if err != nil {
			return err
		}
		if _, err := s.packet.WriteTo([]byte("hello"), to); err != nil {
			return err
		}
		_, _, err = s.packet.ReadFrom(make([]byte, 16))
		return err
	case "write":
		if _, err := s.conn.Write([]byte("hello")); err != nil {
			return err
		}
		_, err := s.conn.Read(make([]byte, 16))
		return err
	case "reset":
		if c, ok := s.conn.(*net.TCPConn); ok {
			err = c.SetLinger(0)
		}
		err = errors.Join(err, s.conn.Close())
		s.conn = nil
		return err
	case "close":
		if s.conn != nil {
			err = s.conn.Close()
		}
		if s.packet != nil {
			err = errors.Join(err, s.packet.Close())
		}
		s.conn, s.packet = nil, nil
		return err
	}
	return fmt.Errorf("cannot %s", words[0])
}

// listen answers all that comes with the same.
func listen(network, address string) error {
	if strings.HasPrefix(network, "udp") {
		c, err := net.ListenPacket(network, address)
		if err != nil {
			return err
		}
		go func() {
			buffer := make([]byte, 16)
			for {
				n, from, err := c.ReadFrom(buffer)
				if err != nil {
					return
				}
				_, _ = c.WriteTo(buffer[:n], from)
			}
		}()
		return nil
	}
	var c net.ListenConfig
	c.SetMultipathTCP(false)
	l, err := c.Listen(context.Background(), network, address)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return nil
}

// cgroups returns where control groups are mounted.
func cgroups(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); fields[2] == "cgroup2" {
			return fields[1]
		}
	}
	t.Skip("no control groups of version 2")
	return ""
}

// newCgroup makes a control group that ends with the test.
func newCgroup(t testing.TB, parent, name string) (path string, id uint64) {
	t.Helper()
	path = filepath.Join(parent, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Skipf("no control group: %v", err)
	}
	t.Cleanup(func() {
		netnstest.Eventually(t, func() bool { return os.Remove(path) == nil }, "the control group is empty")
	})
	var s syscall.Stat_t
	require.NoError(t, syscall.Stat(path, &s))
	return path, s.Ino
}
