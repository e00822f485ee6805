//go:build linux

// Package netnstest gives tests network namespaces of their own.
package netnstest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/netns"
	"github.com/flowpipeline/pipeline/internal/program"
)

// Namespace is a network namespace that ends with the test.
type Namespace struct {
	*netns.Namespace
	Path string // names it to netns.Open, in this process and its children
}

// New returns an empty namespace whose loopback interface is up. A test that may
// not make one is skipped.
func New(t testing.TB) *Namespace {
	t.Helper()
	program.Path(t, "ip")
	ns, path, err := netns.New()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	n := &Namespace{Namespace: ns, Path: path}
	n.Run(t, "ip", "link", "set", "lo", "up")
	return n
}

// Pair returns two namespaces that a veth pair joins: va with 10.0.0.1 in the
// first, vb with 10.0.0.2 in the second. Nothing passes but what the test sends,
// and ARP; so IPv6 is off, until IPv6 turns it on.
func Pair(t testing.TB) (a, b *Namespace) {
	t.Helper()
	a, b = New(t), New(t)
	for _, n := range []*Namespace{a, b} {
		n.Run(t, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
	}
	a.Run(t, "ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", b.Path)
	for i, n := range []*Namespace{a, b} {
		name := []string{"va", "vb"}[i]
		n.Run(t, "ip", "addr", "add", fmt.Sprintf("10.0.0.%d/24", i+1), "dev", name)
		n.Run(t, "ip", "link", "set", name, "up")
	}
	return a, b
}

// IPv6 gives the interfaces of a pair fd00::1 and fd00::2.
func IPv6(t testing.TB, a, b *Namespace) {
	t.Helper()
	for i, n := range []*Namespace{a, b} {
		name := []string{"va", "vb"}[i]
		n.Run(t, "sysctl", "-qw", "net.ipv6.conf."+name+".disable_ipv6=0")
		n.Run(t, "ip", "addr", "add", fmt.Sprintf("fd00::%d/64", i+1), "dev", name, "nodad")
	}
}

// Inside runs fn on a thread in the namespace.
func (n *Namespace) Inside(t testing.TB, fn func() error) {
	t.Helper()
	require.NoError(t, n.Do(fn))
}

// Start starts a program in the namespace. It is killed at the end of the test.
func (n *Namespace) Start(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program.Path(t, name), args...)
	n.Inside(t, cmd.Start)
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// Run runs a program in the namespace and returns what it prints.
func (n *Namespace) Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	var out strings.Builder
	cmd := exec.Command(program.Path(t, name), args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := n.Do(cmd.Run)
	require.NoError(t, err, "%s %v: %s", name, args, out.String())
	return out.String()
}

// Traffic is what an interface counted.
type Traffic struct {
	RxPackets, RxBytes, TxPackets, TxBytes uint64
}

// Traffic returns the counters of an interface, as "ip -s link" shows them.
func (n *Namespace) Traffic(t testing.TB, dev string) Traffic {
	t.Helper()
	type direction struct{ Packets, Bytes uint64 }
	var links []struct {
		Stats struct{ Rx, Tx direction } `json:"stats64"`
	}
	require.NoError(t, json.Unmarshal([]byte(n.Run(t, "ip", "-s", "-j", "link", "show", "dev", dev)), &links))
	s := links[0].Stats
	return Traffic{s.Rx.Packets, s.Rx.Bytes, s.Tx.Packets, s.Tx.Bytes}
}

// Index returns the ifIndex of an interface.
func (n *Namespace) Index(t testing.TB, dev string) int {
	t.Helper()
	var links []struct {
		Ifindex int
	}
	require.NoError(t, json.Unmarshal([]byte(n.Run(t, "ip", "-j", "link", "show", "dev", dev)), &links))
	return links[0].Ifindex
}

// Eventually waits for a condition, which a loaded machine may take long to meet.
func Eventually(t testing.TB, condition func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came true: %s", what)
		}
	}
}
