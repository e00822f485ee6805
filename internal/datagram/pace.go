package datagram

import (
	"context"
	"os"
	"time"
)

// Pace holds the datagrams of a recording back until they are due, so that they
// come in their original rhythm, or factor times as fast. The first comes at
// once. Their times of receipt stay what they were.
func Pace(in Receiver, factor float64) Receiver { return &pace{in: in, factor: factor} }

type pace struct {
	in     Receiver
	factor float64

	held  []Datagram // what in gave, and is not given out yet
	begun bool
	first int64     // time of the first datagram
	start time.Time // when it was given out
}

func (p *pace) Receive(ctx context.Context, deadline time.Time) ([]Datagram, error) {
	if len(p.held) == 0 {
		var err error
		if p.held, err = p.in.Receive(ctx, deadline); err != nil {
			p.held = nil
			return nil, err
		}
	}
	if err := p.wait(ctx, deadline, p.held[0].Received); err != nil {
		return nil, err
	}
	out := p.held[:1]
	p.held = p.held[1:]
	return out, nil
}

// wait waits until what was received at is due.
func (p *pace) wait(ctx context.Context, deadline time.Time, at int64) error {
	now := time.Now()
	if !p.begun {
		p.begun, p.first, p.start = true, at, now
	}
	d := p.start.Add(time.Duration(float64(at-p.first) / p.factor)).Sub(now)
	if d <= 0 {
		return ctx.Err()
	}
	if left := deadline.Sub(now); left <= 0 {
		return os.ErrDeadlineExceeded
	} else if left < d {
		return sleep(ctx, left, os.ErrDeadlineExceeded)
	}
	return sleep(ctx, d, nil)
}

// sleep returns err after d, or ctx's error if that is done before.
func sleep(ctx context.Context, d time.Duration, err error) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
