package udp

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// Listen opens the sockets of a port. Port 0 stands for one that is free.
func Listen(ctx context.Context, c Config) ([]*Socket, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if !CanShare || IsGroup(c.Address) {
		c.Sockets = 1
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return prepare(raw, c.Sockets > 1)
	}}
	var all []*Socket
	for range c.Sockets {
		s, err := open(ctx, &lc, &c)
		if err != nil {
			for _, s := range all {
				err = errors.Join(err, s.Close())
			}
			return nil, err
		}
		c.Address = s.conn.LocalAddr().String() // the port that 0 became
		all = append(all, s)
	}
	return all, nil
}

func open(ctx context.Context, lc *net.ListenConfig, c *Config) (*Socket, error) {
	conn, err := bind(ctx, lc, c)
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = grow(conn, raw, c.Buffer)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return newSocket(conn, raw, c), nil
}

func bind(ctx context.Context, lc *net.ListenConfig, c *Config) (*net.UDPConn, error) {
	if IsGroup(c.Address) {
		return join(c)
	}
	pc, err := lc.ListenPacket(ctx, "udp", c.Address)
	if err != nil {
		return nil, err
	}
	return pc.(*net.UDPConn), nil
}
