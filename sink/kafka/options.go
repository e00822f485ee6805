package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowpipeline/pipeline/internal/kafkaclient"
)

// Option changes how flows are produced.
type Option func(*config)

type config struct {
	kafkaclient.Config
	topic       string
	format      format
	key         []string
	headers     []kgo.RecordHeader
	compression string
	acks        string
	repeatable  bool // no idempotence
	linger      time.Duration
	buffered    int
	maxBatch    int
	timeout     time.Duration
	autoCreate  bool
}

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

// Client has flows produced by a client that exists, with the options it was made
// with; those of this package that concern a client are refused. It is not closed.
// When it cannot deliver within the drain timeout, its records stay with it, and
// the run ends with an error.
func Client(cl *kgo.Client) Option { return func(c *config) { c.Client = cl } }

// Delimited writes each record as a protobuf message with its length in front,
// which flowpipeline expects, and goflow2 with its default format. It is the
// default.
func Delimited() Option { return func(c *config) { c.format = delimited } }

// Bare writes each record as a protobuf message and nothing else.
func Bare() Option { return func(c *config) { c.format = bare } }

// JSON writes each record as a JSON object, as sink.JSON does.
func JSON() Option { return func(c *config) { c.format = jsonObject } }

// Key makes a record's key of fields, by their names in the schema, as a row of CSV:
// commas between, an absent one empty. Records with the same key go to the same
// partition, the one that Java's clients choose. Without a key, records go to one
// partition after the other, a batch at a time.
func Key(fields ...string) Option { return func(c *config) { c.key = fields } }

// Header adds a header to every record.
func Header(key, value string) Option {
	return func(c *config) {
		c.headers = append(c.headers, kgo.RecordHeader{Key: key, Value: []byte(value)})
	}
}

// Compress chooses how batches are compressed: "none", "gzip", "snappy", which is
// the default, "lz4" or "zstd".
func Compress(codec string) Option { return func(c *config) { c.compression = codec } }

// Acks chooses who must have a record before it counts as delivered: "all" in-sync
// replicas, which is the default, the "leader", or "none". With less than all there
// is no idempotence.
func Acks(who string) Option { return func(c *config) { c.acks = who } }

// Repeatable gives up idempotence: a record that is sent again after an error may
// then be there twice, or behind later ones, and the client needs no right to
// write idempotently.
func Repeatable() Option { return func(c *config) { c.repeatable = true } }

// Linger is how long a batch of records waits for more; the default is the
// client's 10 ms.
func Linger(d time.Duration) Option { return func(c *config) { c.linger = d } }

// MaxBuffered is how many records wait for brokers at the most; Write blocks when
// there are as many. The default is 16384.
func MaxBuffered(records int) Option { return func(c *config) { c.buffered = records } }

// MaxBatch is the most bytes of one batch of records, before compression; the
// default is 1,000,012, as brokers have it. A record that is longer fails.
func MaxBatch(bytes int) Option { return func(c *config) { c.maxBatch = bytes } }

// DeliveryTimeout has a record fail that could not be delivered for so long. The
// default is to wait until brokers are there again.
func DeliveryTimeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// AutoCreate has brokers create a topic that is missing, if they are configured to.
func AutoCreate() Option { return func(c *config) { c.autoCreate = true } }

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

var acks = map[string]kgo.Acks{"all": kgo.AllISRAcks(), "leader": kgo.LeaderAck(), "none": kgo.NoAck()}

const (
	defaultLinger   = -1
	defaultBuffered = 1 << 14
	defaultBatch    = 1_000_012
)

func newConfig(topic string, opts []Option) (*config, error) {
	initial := config{
		topic: topic, compression: "snappy", acks: "all",
		linger: defaultLinger, buffered: defaultBuffered, maxBatch: defaultBatch,
	}
	c := initial
	for _, o := range opts {
		o(&c)
	}
	errs := []error{c.Check()}
	if c.Client != nil && (c.compression != initial.compression || c.acks != initial.acks || c.repeatable ||
		c.linger != initial.linger || c.buffered != initial.buffered || c.maxBatch != initial.maxBatch || c.timeout != 0 || c.autoCreate) {
		errs = append(errs, errors.New("a client that is handed in produces as it was told when it was made"))
	}
	if _, ok := codecs[c.compression]; !ok {
		errs = append(errs, fmt.Errorf("compression %q is none of none, gzip, snappy, lz4 and zstd", c.compression))
	}
	if _, ok := acks[c.acks]; !ok {
		errs = append(errs, fmt.Errorf("acknowledgement by %q, not by all, leader or none", c.acks))
	}
	if c.linger < 0 && c.linger != defaultLinger {
		errs = append(errs, fmt.Errorf("lingering for %v makes no sense", c.linger))
	}
	if c.buffered < 1 {
		errs = append(errs, fmt.Errorf("%d buffered records make no sense", c.buffered))
	}
	if c.maxBatch < 1<<10 || c.maxBatch > 1<<30 {
		errs = append(errs, fmt.Errorf("a batch of %d bytes is not from 1 KiB to 1 GiB", c.maxBatch))
	}
	if c.timeout < 0 || c.timeout > 0 && c.timeout < time.Second {
		errs = append(errs, fmt.Errorf("a delivery timeout of %v is below a second", c.timeout))
	}
	return &c, errors.Join(errs...)
}

// producing returns the options of a client that produces.
func (c *config) producing() []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ProducerBatchCompression(codecs[c.compression]),
		kgo.RequiredAcks(acks[c.acks]),
		kgo.MaxBufferedRecords(c.buffered),
		kgo.ProducerBatchMaxBytes(int32(c.maxBatch)),
	}
	if c.acks != "all" || c.repeatable {
		opts = append(opts, kgo.DisableIdempotentWrite())
	}
	if c.linger != defaultLinger {
		opts = append(opts, kgo.ProducerLinger(c.linger))
	}
	if c.timeout > 0 {
		opts = append(opts, kgo.RecordDeliveryTimeout(c.timeout))
	}
	if c.autoCreate {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	return opts
}
