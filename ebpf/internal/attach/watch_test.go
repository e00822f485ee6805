//go:build linux

package attach_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

// recorder attaches nothing, and keeps what it was asked to.
type recorder struct {
	mu     sync.Mutex
	open   []string
	opened int
	refuse string // the name of an interface
	log    bytes.Buffer
}

type recorded struct {
	r    *recorder
	name string
}

var errRefused = errors.New("refused")

func (r *recorder) attach(i attach.Interface) (io.Closer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.Name == r.refuse {
		return nil, errRefused
	}
	r.open = append(r.open, i.Name)
	r.opened++
	return &recorded{r, i.Name}, nil
}

func (c *recorded) Close() error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	i := slices.Index(c.r.open, c.name)
	if i < 0 {
		return errors.New("closed twice")
	}
	c.r.open = slices.Delete(c.r.open, i, i+1)
	return nil
}

// times returns how often something was attached.
func (r *recorder) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened
}

func (r *recorder) has(names ...string) func() bool {
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.Equal(slices.Sorted(slices.Values(r.open)), names)
	}
}

// watch starts a Watch that ends with the test.
func watch(t *testing.T, n *netnstest.Namespace, r *recorder, missing bool, names ...string) *attach.Watch {
	t.Helper()
	w, err := start(t, n, r, missing, names...)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, w.Close())
		require.Empty(t, r.open)
		require.NotContains(t, r.log.String(), "level=ERROR")
	})
	return w
}

func start(t *testing.T, n *netnstest.Namespace, r *recorder, missing bool, names ...string) (*attach.Watch, error) {
	t.Helper()
	s, err := attach.Select(names...)
	require.NoError(t, err)
	return attach.Start(attach.Config{
		Namespace: n.Namespace, Selection: s, Missing: missing, Attach: r.attach, Logger: slog.New(slog.NewTextHandler(&r.log, nil)),
	})
}

func TestSelect(t *testing.T) {
	for _, bad := range []string{"", "a[", "eth/0", "a name", "longer than fifteen"} {
		_, err := attach.Select("eth0", bad)
		require.Error(t, err, bad)
	}
	n := netnstest.New(t)
	for _, name := range []string{"eth0", "eth1", "wlan0"} {
		n.Run(t, "ip", "link", "add", name, "type", "veth", "peer", "name", strings.ToUpper(name))
	}
	for names, want := range map[string]string{
		"":           "ETH0 ETH1 WLAN0 eth0 eth1 wlan0",
		"eth0":       "eth0",
		"eth*":       "eth0 eth1",
		"*":          "ETH0 ETH1 WLAN0 eth0 eth1 lo wlan0",
		"lo WLAN?":   "WLAN0 lo",
		"none* eth1": "eth1",
		"[ew]*0":     "eth0 wlan0",
	} {
		r := &recorder{}
		w := watch(t, n, r, false, strings.Fields(names)...)
		require.True(t, r.has(strings.Fields(want)...)(), "%q: %v", names, r.open)
		require.Len(t, w.Interfaces(), len(r.open))
	}
}

func TestInterfaceThatIsNotThere(t *testing.T) {
	n := netnstest.New(t)
	r := &recorder{}
	_, err := start(t, n, r, false, "lo", "eth0", "eth1")
	require.EqualError(t, err, "no interface eth0, eth1; there are lo")
	require.Empty(t, r.open)

	watch(t, n, r, true, "lo", "eth0")
	require.True(t, r.has("lo")())
	n.Run(t, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
	netnstest.Eventually(t, r.has("eth0", "lo"), "eth0 came")
}

func TestInterfacesComeAndGo(t *testing.T) {
	n := netnstest.New(t)
	r := &recorder{}
	w := watch(t, n, r, false, "eth*")
	for i := range 3 {
		n.Run(t, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other")
		netnstest.Eventually(t, r.has("eth0"), "eth0 came")
		n.Run(t, "ip", "link", "set", "eth0", "up")
		n.Run(t, "ip", "link", "set", "eth0", "down")
		n.Run(t, "ip", "link", "del", "eth0")
		netnstest.Eventually(t, r.has(), "eth0 went")
		require.Equal(t, i+1, r.times(), "up and down are no reason to attach again")
	}
	// The same index, so fast that only the messages tell that it is another one.
	changes := w.Changes()
	n.Run(t, "ip", "link", "add", "eth0", "index", "77", "type", "veth", "peer", "name", "other")
	netnstest.Eventually(t, r.has("eth0"), "eth0 came")
	for range 20 {
		n.Run(t, "sh", "-c", "ip link del eth0; ip link add eth0 index 77 type veth peer name other")
	}
	netnstest.Eventually(t, func() bool { return w.Changes() > changes+2 && r.has("eth0")() }, "eth0 came back")
}

func TestInterfaceIsRenamed(t *testing.T) {
	n := netnstest.New(t)
	n.Run(t, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other")
	r := &recorder{}
	w := watch(t, n, r, false, "eth*")
	changes := w.Changes()
	n.Run(t, "ip", "link", "set", "eth0", "name", "eth7")
	netnstest.Eventually(t, func() bool { return w.Interfaces()[0].Name == "eth7" }, "the name changes")
	require.Equal(t, 1, r.times(), "the attachment stays")
	require.Greater(t, w.Changes(), changes)
	n.Run(t, "ip", "link", "set", "eth7", "name", "lan0")
	netnstest.Eventually(t, r.has(), "it is no longer meant")
	require.Equal(t, "eth7", w.Interfaces()[0].Name)
	require.Empty(t, w.Interfaces())
	n.Run(t, "ip", "link", "set", "lan0", "name", "eth0")
	netnstest.Eventually(t, r.has("eth0"), "it is meant again")
}

func TestInterfaceThatRefuses(t *testing.T) {
	n := netnstest.New(t)
	n.Run(t, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
	_, err := start(t, n, &recorder{refuse: "eth0"}, false, "eth1", "eth0")
	require.EqualError(t, err, "interface eth0: refused")
	_, err = start(t, n, &recorder{refuse: "eth0"}, false, "eth0*")
	require.ErrorIs(t, err, errRefused, "there is no other")

	r := &recorder{refuse: "eth0"}
	w := watch(t, n, r, false, "eth*")
	require.True(t, r.has("eth1")())
	require.Equal(t, uint64(1), w.Failures())
}

func TestClosedWatchAttachesNothing(t *testing.T) {
	n := netnstest.New(t)
	r := &recorder{}
	w, err := start(t, n, r, false)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	n.Run(t, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
	require.Zero(t, r.times())
}
