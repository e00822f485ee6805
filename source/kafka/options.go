package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowpipeline/pipeline/internal/kafkaclient"
)

// Option changes how flows are consumed.
type Option func(*config)

type config struct {
	kafkaclient.Config
	topics      []string
	pattern     bool
	group       string
	instance    string
	session     time.Duration
	start       kgo.Offset
	format      format
	bad         badPolicy
	dead        string // topic
	keepUnknown bool
	symbols     int
	every       time.Duration
	drain       time.Duration
	maxFetch    int
}

// badPolicy says what becomes of a record that cannot be read.
type badPolicy uint8

const (
	refuseBad badPolicy = iota
	skipBad
	deadLetterBad
)

// Brokers are the addresses, host:port, of brokers to begin with; the others are
// learned from them.
func Brokers(addrs ...string) Option {
	return func(c *config) { c.Brokers = append(c.Brokers, addrs...) }
}

// ClientID is the name that brokers know the client by.
func ClientID(id string) Option { return func(c *config) { c.ClientID = id } }

// TLS has brokers reached over TLS, with their certificates checked by t; nil is
// for the roots of the system. RootCAs, Certificates and ServerName are t's.
func TLS(t *tls.Config) Option { return func(c *config) { c.Secure, c.TLS = true, t } }

// Plain logs in with SASL PLAIN (RFC 4616), which needs TLS to keep the password
// secret.
func Plain(user, password string) Option { return login(kafkaclient.Plain, user, password) }

// ScramSHA256 logs in with SASL SCRAM-SHA-256 (RFC 7677).
func ScramSHA256(user, password string) Option { return login(kafkaclient.ScramSHA256, user, password) }

// ScramSHA512 logs in with SASL SCRAM-SHA-512.
func ScramSHA512(user, password string) Option { return login(kafkaclient.ScramSHA512, user, password) }

func login(m kafkaclient.Mechanism, user, password string) Option {
	return func(c *config) { c.Login = &kafkaclient.Login{Mechanism: m, User: user, Pass: password} }
}

// Hooks are told what the client does; see kgo.Hook.
func Hooks(hooks ...kgo.Hook) Option {
	return func(c *config) { c.Hooks = append(c.Hooks, hooks...) }
}

// Client takes over the options of a client that exists: brokers, TLS, login,
// hooks, logger. A member of a group must know from its beginning what is given to
// it and taken away, so the source consumes with a client of its own.
func Client(cl *kgo.Client) Option { return func(c *config) { c.Client = cl } }

// Group is the consumer group whose members share the partitions, and where the
// offsets are committed. There must be one.
func Group(name string) Option { return func(c *config) { c.group = name } }

// Instance makes a static member of the group (KIP-345): restarted within the
// session's timeout it has its partitions back, and the others keep theirs.
func Instance(id string) Option { return func(c *config) { c.instance = id } }

// SessionTimeout is after how much time without a heartbeat brokers take a member
// for dead and give its partitions to others; the default is the client's 45 s.
func SessionTimeout(d time.Duration) Option { return func(c *config) { c.session = d } }

// Oldest begins partitions without a committed offset with their oldest record. It
// is the default.
func Oldest() Option { return func(c *config) { c.start = kgo.NewOffset().AtStart() } }

// Newest begins partitions without a committed offset behind their newest record.
// What comes while nobody has committed an offset yet is not read.
func Newest() Option { return func(c *config) { c.start = kgo.NewOffset().AtEnd() } }

// Since begins partitions without a committed offset with the first record whose
// timestamp is t or later.
func Since(t time.Time) Option {
	return func(c *config) { c.start = kgo.NewOffset().AfterMilli(t.UnixMilli()) }
}

// Delimited takes records for protobuf messages with their length in front, one
// or more in a record: flowpipeline's, and goflow2's. See the package's
// documentation for what is done when no format is given.
func Delimited() Option { return func(c *config) { c.format = delimited } }

// Bare takes each record for one protobuf message.
func Bare() Option { return func(c *config) { c.format = bare } }

// JSON takes records for JSON objects, a line each, one or more in a record.
func JSON() Option { return func(c *config) { c.format = jsonLines } }

// SkipBad counts records that cannot be read ("bad") and goes on, where the error
// would end the run.
func SkipBad() Option { return func(c *config) { c.bad = skipBad } }

// DeadLetter produces records that cannot be read to another topic, as they are,
// with headers that say where they were and why. Their offsets are committed once
// they are there.
func DeadLetter(topic string) Option {
	return func(c *config) { c.bad, c.dead = deadLetterBad, topic }
}

// KeepUnknown keeps what is no field in source.UnknownJSON, instead of only
// counting it ("unknown"). It is for JSON.
func KeepUnknown() Option { return func(c *config) { c.keepUnknown = true } }

// Symbols bounds how many different names (interfaces, customers …) the source
// may add to the pipeline's table, 65536 by default. Names beyond are absent and
// counted ("refused").
func Symbols(n int) Option { return func(c *config) { c.symbols = n } }

// CommitEvery is how often offsets are committed, a second by default: what was
// delivered since then is read again after a crash.
func CommitEvery(d time.Duration) Option { return func(c *config) { c.every = d } }

// RevokeTimeout is how long flows of a partition that goes to another member may
// take to be delivered, 10 s by default. What is not delivered then is read again
// by that member.
func RevokeTimeout(d time.Duration) Option { return func(c *config) { c.drain = d } }

// MaxFetch is the most bytes, compressed, that are fetched ahead from each broker;
// the default is 16 MiB.
func MaxFetch(bytes int) Option { return func(c *config) { c.maxFetch = bytes } }

// rebalanceTimeout is how long brokers wait for members that give up partitions.
const rebalanceTimeout = time.Minute

func newConfig(topics []string, pattern bool, opts []Option) (*config, error) {
	c := &config{
		topics: topics, pattern: pattern, start: kgo.NewOffset().AtStart(), symbols: 1 << 16,
		every: time.Second, drain: 10 * time.Second, maxFetch: 16 << 20,
	}
	for _, o := range opts {
		o(c)
	}
	errs := []error{c.Check()}
	if len(topics) == 0 {
		errs = append(errs, errors.New("no topic to consume"))
	}
	for _, t := range topics {
		if t == "" {
			errs = append(errs, errors.New("a topic without a name"))
		}
		if pattern {
			_, err := regexp.Compile(t)
			errs = append(errs, err)
		}
	}
	if c.group == "" {
		errs = append(errs, errors.New("no group to consume in"))
	}
	if c.bad == deadLetterBad && c.dead == "" {
		errs = append(errs, errors.New("a topic for dead letters without a name"))
	}
	if c.symbols < 0 {
		errs = append(errs, fmt.Errorf("symbols: %d is below 0", c.symbols))
	}
	if c.session != 0 && (c.session < time.Second || c.session > time.Hour) {
		errs = append(errs, fmt.Errorf("a session timeout of %v is not between a second and an hour", c.session))
	}
	if c.every <= 0 {
		errs = append(errs, fmt.Errorf("committing every %v makes no sense", c.every))
	}
	if c.drain <= 0 || c.drain >= rebalanceTimeout {
		errs = append(errs, fmt.Errorf("a revoke timeout of %v is not between 0 and %v", c.drain, rebalanceTimeout))
	}
	if c.maxFetch < 1<<16 || c.maxFetch > 1<<30 {
		errs = append(errs, fmt.Errorf("fetches of %d bytes are not from 64 KiB to 1 GiB", c.maxFetch))
	}
	return c, errors.Join(errs...)
}

// consuming returns the options of a client that consumes.
func (c *config) consuming() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ConsumeTopics(c.topics...),
		kgo.ConsumerGroup(c.group),
		kgo.ConsumeResetOffset(c.start),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.RebalanceTimeout(rebalanceTimeout),
		kgo.DisableAutoCommit(),
		kgo.FetchMaxBytes(int32(c.maxFetch)),
		kgo.FetchMaxPartitionBytes(int32(min(c.maxFetch, 1<<20))),
		// What a transaction wrote that was aborted is no flow.
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	}
	if c.pattern {
		opts = append(opts, kgo.ConsumeRegex())
	}
	if c.session != 0 {
		opts = append(opts, kgo.SessionTimeout(c.session), kgo.HeartbeatInterval(min(c.session/3, 3*time.Second)))
	}
	if c.instance != "" {
		opts = append(opts, kgo.InstanceID(c.instance))
	}
	return opts
}
