//go:build linux

package netns_test

import (
	"errors"
	"io/fs"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/netns"
	"github.com/flowpipeline/pipeline/internal/netns/netnstest"
)

func interfaces(t *testing.T, n *netns.Namespace) (names []string) {
	t.Helper()
	require.NoError(t, n.Do(func() error {
		all, err := net.Interfaces()
		for _, i := range all {
			names = append(names, i.Name)
		}
		return err
	}))
	return names
}

func TestDo(t *testing.T) {
	home, err := netns.Open("")
	require.NoError(t, err)
	defer func() { require.NoError(t, home.Close()) }()
	before := interfaces(t, home)
	a, b := netnstest.Pair(t)
	other, err := netns.Open(a.Path)
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	require.ElementsMatch(t, []string{"lo", "va"}, interfaces(t, other))
	require.ElementsMatch(t, []string{"lo", "vb"}, interfaces(t, b.Namespace))
	require.Equal(t, before, interfaces(t, home))

	failed := errors.New("failed")
	require.Equal(t, failed, other.Do(func() error { return failed }))
}

func TestMistakes(t *testing.T) {
	_, err := netns.Open("there-is-none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "network namespace there-is-none")
	_, err = netns.Open("./there-is-none")
	require.ErrorIs(t, err, fs.ErrNotExist)

	file, err := netns.Open("/dev/null")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	require.ErrorContains(t, file.Do(func() error { return nil }), "enter network namespace /dev/null")
}
