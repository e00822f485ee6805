//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// small is a UDP packet that makes 64 bytes on the wire, with the checksum that the
// interface adds. Its source is the address and port of a flow.
var small = slices.Concat([]byte{
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 0, 10, 0, 0, 2,
	0, 0, 0, 9, 0, 26, 0, 0,
}, make([]byte, 18))

// usualFlows are among which small packets are sent.
const usualFlows = 1000

// flow makes the small packet one of a flow.
func setFlow(frame []byte, i int) {
	binary.BigEndian.PutUint16(frame[28:], uint16(i>>15))
	binary.BigEndian.PutUint16(frame[34:], uint16(i&0x7fff+1))
}

// flood sends small packets from devA, as fast as it can, until that took so much
// time of the CPU, and returns the packets for each second of it. What others of the
// machine take of the CPU so does not count.
func (p *pair) flood(d time.Duration) (rate float64, err error) {
	err = p.sending(func(send func(flow int) error) error {
		begin, err := threadTime()
		for n := 0; err == nil; n++ {
			if n%64 == 0 {
				now, err := threadTime()
				if err != nil {
					return err
				}
				if now-begin >= d {
					rate = float64(n) / (now - begin).Seconds()
					return nil
				}
			}
			err = send(n % usualFlows)
		}
		return err
	})
	return rate, err
}

// threadTime returns the time of the CPU that this thread has taken.
func threadTime() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}

// spread sends a packet of each of many flows, evenly within a time; 0 for as fast
// as it goes.
func (p *pair) spread(flows int, d time.Duration) error {
	return p.sending(func(send func(flow int) error) error {
		begin := time.Now()
		for sent := 0; sent < flows; {
			due := flows
			if d > 0 {
				due = min(flows, int(float64(flows)*(time.Since(begin).Seconds()/d.Seconds())))
			}
			for ; sent < due; sent++ {
				if err := send(sent); err != nil {
					return err
				}
			}
			if sent < flows {
				time.Sleep(500 * time.Microsecond)
			}
		}
		return nil
	})
}

// sending runs fn on the last CPU, with what sends a small packet from devA.
func (p *pair) sending(fn func(send func(flow int) error) error) error {
	return p.a.Do(func() error {
		var before, last unix.CPUSet
		if err := unix.SchedGetaffinity(0, &before); err != nil {
			return err
		}
		last.Set(runtime.NumCPU() - 1)
		if err := unix.SchedSetaffinity(0, &last); err != nil {
			return err
		}
		defer func() { _ = unix.SchedSetaffinity(0, &before) }()
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		frame, to := slices.Clone(small), &unix.SockaddrLinklayer{Ifindex: p.index}
		return fn(func(flow int) error {
			setFlow(frame, flow)
			for {
				if err := unix.Sendto(fd, frame, 0, to); !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
					return err
				}
			}
		})
	})
}
