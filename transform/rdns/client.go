package rdns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/flowpipeline/pipeline/flow"
)

// maxMessage is the longest message that is read; PTR records are shorter.
const maxMessage = 4096

// client asks servers. One goroutine uses it.
type client struct {
	servers []string
	timeout time.Duration
	buf     [maxMessage]byte
}

// ask returns what the first server that answers tells of an address.
func (c *client) ask(ctx context.Context, a flow.Addr) (answer, error) {
	name := reverse(a)
	var errs []error
	for _, server := range c.servers {
		known, err := c.askOne(ctx, server, name)
		if err == nil {
			return known, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", server, err))
	}
	return answer{}, errors.Join(errs...)
}

// askOne asks from a port of its own, which is chosen by chance as the id is, so that
// nobody can guess what a forged answer has to be.
func (c *client) askOne(ctx context.Context, server string, name dnsmessage.Name) (answer, error) {
	id := uint16(rand.Uint32())
	query, err := appendQuery(c.buf[:0], id, name)
	if err != nil {
		return answer{}, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "udp", server)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err := conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return answer{}, err
	}
	if ctx.Err() != nil { // after the deadline was set, or the end could be slept through
		return answer{}, ctx.Err()
	}
	if _, err := conn.Write(query); err != nil {
		return answer{}, err
	}
	for {
		n, err := conn.Read(c.buf[:])
		if err != nil {
			return answer{}, err
		}
		if known, err := parseAnswer(c.buf[:n], id, name); err != errOther {
			return known, err
		}
	}
}
