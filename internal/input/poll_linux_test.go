package input

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCancelledWaitLeavesNothingBehind(t *testing.T) {
	var fds [2]int
	require.NoError(t, syscall.Pipe(fds[:]))
	from, to := os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe")
	defer from.Close()
	defer to.Close()
	r := newPollReader(from).(*pollReader)
	defer r.close()
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := r.read(ctx, time.Time{}, make([]byte, 1))
		require.ErrorIs(t, err, context.Canceled)
		require.NotEqual(t, -1, r.wake[0])
		ready, err := poll([]pollFd{{fd: int32(r.wake[0]), events: pollIn}}, 0)
		require.NoError(t, err)
		require.False(t, ready, "the next wait would spin")
	}
}
