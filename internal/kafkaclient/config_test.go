package kafkaclient

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// certificate makes a certificate of 127.0.0.1 that signs itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// ping asks a broker whether it is there.
func ping(t *testing.T, c *Config) error {
	t.Helper()
	require.NoError(t, c.Check())
	cl, err := kgo.NewClient(append(c.Options(slog.New(slog.DiscardHandler)), kgo.RequestRetries(0))...)
	require.NoError(t, err)
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return cl.Ping(ctx)
}

func TestTLS(t *testing.T) {
	cert, pool := certificate(t)
	own, owners := certificate(t)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: owners,
	}))
	require.NoError(t, err)
	defer c.Close()
	at := c.ListenAddrs()
	require.NoError(t, ping(t, &Config{Brokers: at, Secure: true, TLS: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{own}}}))
	require.Error(t, ping(t, &Config{Brokers: at, Secure: true, TLS: &tls.Config{RootCAs: pool}}), "no certificate of the client")
	require.ErrorContains(t, ping(t, &Config{Brokers: at, Secure: true}), "certificate signed by unknown authority")
	require.ErrorContains(t, ping(t, &Config{Brokers: at, Secure: true, TLS: &tls.Config{RootCAs: pool, ServerName: "kafka.example.net"}}), "kafka.example.net")
}

func TestLogin(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "plain", "secret"),
		kfake.Superuser("SCRAM-SHA-256", "scram256", "secret"), kfake.Superuser("SCRAM-SHA-512", "scram512", "secret"))
	require.NoError(t, err)
	defer c.Close()
	for m, user := range map[Mechanism]string{Plain: "plain", ScramSHA256: "scram256", ScramSHA512: "scram512"} {
		require.NoError(t, ping(t, &Config{Brokers: c.ListenAddrs(), Login: &Login{m, user, "secret"}}), user)
		require.Error(t, ping(t, &Config{Brokers: c.ListenAddrs(), Login: &Login{m, user, "wrong"}}), user)
	}
}

type hook struct{ connected int }

func (h *hook) OnBrokerConnect(kgo.BrokerMetadata, time.Duration, net.Conn, error) { h.connected++ }

func TestHooksAndClientsOfTheCaller(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	defer c.Close()
	h := &hook{}
	require.NoError(t, ping(t, &Config{Brokers: c.ListenAddrs(), ClientID: "collector", Hooks: []kgo.Hook{h}}))
	require.NotZero(t, h.connected)

	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	require.NoError(t, err)
	defer cl.Close()
	require.NoError(t, ping(t, &Config{Client: cl}))
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	for level, want := range map[slog.Level]kgo.LogLevel{
		slog.LevelDebug: kgo.LogLevelInfo, slog.LevelInfo: kgo.LogLevelWarn, slog.LevelWarn: kgo.LogLevelWarn,
		slog.LevelError: kgo.LogLevelError, slog.LevelError + 1: kgo.LogLevelNone,
	} {
		l := clientLog{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))}
		require.Equal(t, want, l.Level())
		l.Log(kgo.LogLevelWarn, "broker is away", "addr", "192.0.2.1:9092")
	}
	require.Contains(t, out.String(), `level=WARN msg="broker is away" addr=192.0.2.1:9092`)
}
