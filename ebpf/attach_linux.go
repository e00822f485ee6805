package ebpf

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/ebpf/internal/attach"
	"github.com/flowpipeline/pipeline/ebpf/internal/kernel"
	"github.com/flowpipeline/pipeline/internal/afpacket"
)

// attach attaches to the interfaces by the method that was asked for, or by the
// first that works.
func (s *source) attach(env pipeline.Env) (reader, error) {
	methods := []Method{s.c.method}
	if s.c.method == Auto {
		methods = []Method{TCX, Clsact, AFPacket}
	}
	var errs []error
	for _, m := range methods {
		if m == Clsact && errors.As(errors.Join(errs...), new(loadError)) {
			continue // it needs the same programs
		}
		r, err := s.by(m, env)
		if err == nil {
			if len(errs) > 0 {
				env.Logger.Warn("another method than the best", "method", m, "error", errors.Join(errs...))
			}
			env.Logger.Info("counting", "method", m)
			return r, nil
		}
		if errors.Is(err, attach.ErrNoInterface) {
			return nil, err
		}
		errs = append(errs, fmt.Errorf("%s: %w", m, err))
	}
	err := errors.Join(errs...)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("run it as root, or grant it with setcap cap_bpf,cap_perfmon,cap_net_admin,cap_net_raw+ep: %w", err)
	}
	return nil, err
}

// loadError says that the kernel does not take the programs.
type loadError struct{ error }

func (e loadError) Unwrap() error { return e.error }

func (s *source) by(m Method, env pipeline.Env) (reader, error) {
	if m == AFPacket {
		return s.byPackets(env)
	}
	return s.byPrograms(m, env)
}

func (c *config) kernel() kernel.Config {
	return kernel.Config{MaxFlows: c.mapSize, RingBytes: c.ring, Statistics: c.table.Statistics, Sampling: c.table.SamplingRate}
}

// byPrograms has programs count in the kernel.
func (s *source) byPrograms(m Method, env pipeline.Env) (reader, error) {
	c := s.c.kernel()
	c.Filter, c.Logger = s.code, env.Logger
	table, p, err := s.openKernel(c, env)
	if err != nil {
		return nil, loadError{err}
	}
	r := newKernelReader(&s.c, table, p, &s.counters)
	put := attach.TCX
	if m == TCX {
		err = attach.HaveTCX(table.Ingress())
	} else {
		err = s.namespace.Do(func() (err error) {
			r.clsact, err = attach.NewClsact()
			return err
		})
		if err == nil {
			put = r.clsact.Attach
		}
	}
	if err == nil {
		r.watch, err = s.watch(env, func(i attach.Interface) (io.Closer, error) {
			p, err := s.programs(table, i)
			if err != nil {
				return nil, err
			}
			return put(p, i)
		})
	}
	if err != nil {
		return nil, errors.Join(err, r.release())
	}
	r.names = newNames(r.watch, env.Symbols)
	return r, nil
}

// openKernel loads the programs, without what tells processes if the kernel does not
// take that.
func (s *source) openKernel(c kernel.Config, env pipeline.Env) (*kernel.Table, *processes, error) {
	if p := s.openProcesses(env); p != nil {
		with := c
		with.Attribution = p.attribution()
		table, err := kernel.Open(with)
		if err == nil {
			return table, p, nil
		}
		s.untold(env, "processes are not told", errors.Join(err, p.Close()))
	}
	table, err := kernel.Open(c)
	return table, nil, err
}

// programs returns the programs for an interface.
func (s *source) programs(t *kernel.Table, i attach.Interface) (attach.Programs, error) {
	p := attach.Programs{Ingress: t.Ingress(), Egress: t.Egress()}
	if !i.Ethernet() {
		var errs [2]error
		p.Ingress, errs[0] = t.IngressIP()
		p.Egress, errs[1] = t.EgressIP()
		if err := errors.Join(errs[:]...); err != nil {
			return p, err
		}
	}
	if s.c.directions&Ingress == 0 {
		p.Ingress = nil
	}
	if s.c.directions&Egress == 0 {
		p.Egress = nil
	}
	return p, nil
}

func (c *config) packets() afpacket.Config {
	return afpacket.Config{
		Interface: 1, // of each interface its own
		SnapLen:   c.snap, RingBytes: c.ring, Retire: retire,
		IgnoreOutgoing: c.directions&Egress == 0,
	}
}

// byPackets has the packets copied to the process.
func (s *source) byPackets(env pipeline.Env) (reader, error) {
	group, err := afpacket.NewGroup()
	if err != nil {
		return nil, err
	}
	if s.c.processes {
		s.untold(env, "processes are not told", errors.New("AF_PACKET does not know them"))
	}
	r := newPacketReader(&s.c, s.pushed, group, &s.counters)
	r.watch, err = s.watch(env, func(i attach.Interface) (io.Closer, error) {
		c := s.c.packets()
		c.Interface, c.Bare = i.Index, !i.Ethernet()
		ring, err := afpacket.Open(c)
		if errors.Is(err, unix.EPERM) {
			err = fmt.Errorf("needs CAP_NET_RAW: %w", err)
		}
		if err != nil {
			return nil, err
		}
		group.Add(ring)
		return removal{group, ring}, nil
	})
	if err != nil {
		return nil, errors.Join(err, group.Close())
	}
	r.names = newNames(r.watch, env.Symbols)
	return r, nil
}

// removal takes a ring out of its group.
type removal struct {
	group *afpacket.Group
	ring  *afpacket.Ring
}

func (r removal) Close() error { return r.group.Remove(r.ring) }

// watch keeps something attached to the interfaces.
func (s *source) watch(env pipeline.Env, put func(attach.Interface) (io.Closer, error)) (*attach.Watch, error) {
	return attach.Start(attach.Config{
		Namespace: s.namespace,
		Selection: s.selection,
		Missing:   s.c.await,
		Logger:    env.Logger,
		Attach: func(i attach.Interface) (io.Closer, error) {
			if err := i.Check(); err != nil {
				return nil, err
			}
			return put(i)
		},
	})
}
