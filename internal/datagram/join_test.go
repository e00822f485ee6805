package datagram_test

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/datagram"
)

// given is a receiver that gives what it is sent.
type given chan []datagram.Datagram

func (g given) Receive(ctx context.Context, deadline time.Time) ([]datagram.Datagram, error) {
	select {
	case ds, ok := <-g:
		if !ok {
			return nil, io.EOF
		}
		return ds, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Until(deadline)):
		return nil, os.ErrDeadlineExceeded
	}
}

func TestJoinedComesAndGoes(t *testing.T) {
	j := datagram.Join()
	_, err := j.Receive(t.Context(), time.Now())
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	a, b := make(given), make(given)
	require.True(t, j.Add(a))
	require.True(t, j.Add(b))
	require.Equal(t, 2, j.Live())
	for i, g := range []given{a, b, a} {
		ds := some[i : i+1]
		g <- ds
		got, err := j.Receive(t.Context(), deadline())
		require.NoError(t, err)
		require.Equal(t, ds, got)
	}
	_, err = j.Receive(t.Context(), time.Now()) // the last is no longer in use
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	close(a)
	require.Eventually(t, func() bool { return j.Live() == 1 }, 10*time.Second, time.Millisecond)

	b <- some // of which one is the end of a session
	j.Close()
	require.EqualValues(t, len(some)-1, j.Abandoned())
	require.Zero(t, j.Live())
	require.False(t, j.Add(b), "closed")
}
