//go:build linux

package kernel

import "golang.org/x/sys/unix"

// wallOffset returns what to add to the monotonic clock, which the programs read,
// to get the time since the epoch, in nanoseconds.
func wallOffset() (int64, error) {
	var before, wall, after unix.Timespec
	for _, c := range []struct {
		id int32
		at *unix.Timespec
	}{{unix.CLOCK_MONOTONIC, &before}, {unix.CLOCK_REALTIME, &wall}, {unix.CLOCK_MONOTONIC, &after}} {
		if err := unix.ClockGettime(c.id, c.at); err != nil {
			return 0, err
		}
	}
	return wall.Nano() - (before.Nano()+after.Nano())/2, nil
}
