// Package kafkaclient holds what the source and the sink of Kafka have in common:
// how brokers are reached.
package kafkaclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Config says how brokers are reached.
type Config struct {
	Brokers  []string
	ClientID string
	Secure   bool        // TLS
	TLS      *tls.Config // nil for the system's roots
	Login    *Login      // nil for none
	Hooks    []kgo.Hook
	Client   *kgo.Client // of the caller; nil for one of our own
}

// Mechanism is a SASL mechanism.
type Mechanism uint8

// The SASL mechanisms that log in with a password (RFC 4616, RFC 5802, RFC 7677).
const (
	Plain Mechanism = iota
	ScramSHA256
	ScramSHA512
)

// Login is who logs in to the brokers.
type Login struct {
	Mechanism  Mechanism
	User, Pass string
}

func (l *Login) sasl() sasl.Mechanism {
	switch l.Mechanism {
	case ScramSHA256:
		return scram.Auth{User: l.User, Pass: l.Pass}.AsSha256Mechanism()
	case ScramSHA512:
		return scram.Auth{User: l.User, Pass: l.Pass}.AsSha512Mechanism()
	}
	return plain.Auth{User: l.User, Pass: l.Pass}.AsMechanism()
}

// Check returns what is wrong with the configuration.
func (c *Config) Check() error {
	var errs []error
	own := c.ClientID != "" || c.Secure || c.Login != nil || c.Hooks != nil || c.Brokers != nil
	switch {
	case c.Client != nil && own:
		errs = append(errs, errors.New("a client that is handed in has brokers, TLS, login and hooks of its own"))
	case c.Client == nil && len(c.Brokers) == 0:
		errs = append(errs, errors.New("no broker is given"))
	}
	for _, b := range c.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			errs = append(errs, fmt.Errorf("broker %q is not host:port: %w", b, err))
		}
	}
	if c.Login != nil && c.Login.User == "" {
		errs = append(errs, errors.New("a login needs a user"))
	}
	return errors.Join(errs...)
}

// Options returns the options of a client that reaches the brokers and logs to
// logger. Those of a client that was handed in are taken over.
func (c *Config) Options(logger *slog.Logger) []kgo.Opt {
	if c.Client != nil {
		return c.Client.Opts()
	}
	opts := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.WithLogger(clientLog{logger})}
	if c.ClientID != "" {
		opts = append(opts, kgo.ClientID(c.ClientID))
	}
	if c.Secure {
		t := c.TLS
		if t == nil {
			t = new(tls.Config)
		}
		opts = append(opts, kgo.DialTLSConfig(t.Clone()))
	}
	if c.Login != nil {
		opts = append(opts, kgo.SASL(c.Login.sasl()))
	}
	if len(c.Hooks) > 0 {
		opts = append(opts, kgo.WithHooks(c.Hooks...))
	}
	return opts
}
