//go:build linux

package process

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// BenchmarkConnect tells what it takes to open, connect and close a socket with and
// without the programs: medians of rounds in which both take turns.
func BenchmarkConnect(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer func() { _ = l.Close() }()
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			_, _ = c.Read(make([]byte, 1)) // until it is closed
			_ = c.Close()
		}
	}()
	to := &unix.SockaddrInet4{Port: l.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
	g, err := open("")
	if err != nil {
		b.Skip(err)
	}
	dir := filepath.Join(g.mount, "pipeline-bench")
	require.NoError(b, os.Mkdir(dir, 0o755))
	home, err := g.of(os.Getpid())
	require.NoError(b, err)
	enter(b, dir)
	defer func() {
		enter(b, home)
		require.NoError(b, os.Remove(dir))
	}()
	for name, kind := range map[string]int{"TCP": unix.SOCK_STREAM, "UDP": unix.SOCK_DGRAM} {
		b.Run(name, func(b *testing.B) {
			var without, with []float64
			for b.Loop() {
				without = append(without, connects(b, kind, to))
				table, err := Open(dir)
				require.NoError(b, err)
				with = append(with, connects(b, kind, to))
				require.NoError(b, table.Close())
			}
			slices.Sort(without)
			slices.Sort(with)
			b.ReportMetric(without[len(without)/2], "ns/without")
			b.ReportMetric(with[len(with)/2], "ns/with")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// enter moves the process into a control group.
func enter(b *testing.B, dir string) {
	b.Helper()
	require.NoError(b, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0))
}

// connects returns how long a connection takes, in nanoseconds.
func connects(b *testing.B, kind int, to unix.Sockaddr) float64 {
	const repeats = 500
	began := time.Now()
	for range repeats {
		fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
		require.NoError(b, err)
		require.NoError(b, unix.Connect(fd, to))
		// Closed by RST, a port is free at once.
		require.NoError(b, unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
		require.NoError(b, unix.Close(fd))
	}
	return float64(time.Since(began).Nanoseconds()) / repeats
}
