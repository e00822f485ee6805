package anonymize

import (
	"crypto/aes"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// sampleKey is the key of the sample in the distribution of Crypto-PAn.
var sampleKey = []byte{
	21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
}

func newCache() *cache { return &cache{cryptoPAn: newCryptoPAn(sampleKey)} }

// TestPublishedPseudonyms has the addresses of Crypto-PAn's sample trace, and those
// of IPv6 that other implementations agree on.
func TestPublishedPseudonyms(t *testing.T) {
	c := newCache()
	for range 2 { // computed, then remembered
		for addr, want := range map[string]string{
			"128.11.68.132":   "135.242.180.132",
			"129.118.74.4":    "134.136.186.123",
			"130.132.252.244": "133.68.164.234",
			"141.223.7.43":    "141.167.8.160",
			"141.233.145.108": "141.129.237.235",
			"152.163.225.39":  "151.140.114.167",
			"156.29.3.236":    "147.225.12.42",
			"165.247.96.84":   "162.9.99.234",
			"166.107.77.190":  "160.132.178.185",
			"192.102.249.13":  "252.138.62.131",
			"192.215.32.125":  "252.43.47.189",
			"192.233.80.103":  "252.25.108.8",
			"192.41.57.43":    "252.222.221.184",
			"24.94.26.44":     "100.88.228.35",
			"38.15.67.68":     "64.3.66.187",
			"4.3.88.225":      "124.60.155.63",
			"64.39.15.238":    "0.219.7.41",
			"10.185.25.118":   "117.161.29.118",
			"::1":             "78ff:f001:9fc0:20df:8380:b1f1:704:ed",
			"::2":             "78ff:f001:9fc0:20df:8380:b1f1:704:ef",
			"::ffff":          "78ff:f001:9fc0:20df:8380:b1f1:704:f838",
			"2001:db8::1":     "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e",
			"2001:db8::2":     "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c",
		} {
			require.Equal(t, want, c.pseudonym(flow.MustParseAddr(addr)).String(), addr)
		}
	}
}

// slow is the method as its paper has it: bit for bit, with no memory.
func slow(t *testing.T, a flow.Addr) flow.Addr {
	t.Helper()
	block, err := aes.NewCipher(sampleKey[:16])
	require.NoError(t, err)
	var pad [16]byte
	block.Encrypt(pad[:], sampleKey[16:])
	in, from := a[:], 0
	if a.Is4() {
		in, from = a[12:], 12
	}
	other := a
	for i := range len(in) * 8 {
		one := pad
		for j := range i {
			bit := byte(0x80) >> (j % 8)
			one[j/8] = one[j/8]&^bit | in[j/8]&bit
		}
		block.Encrypt(one[:], one[:])
		other[from+i/8] ^= one[0] >> 7 << (7 - i%8)
	}
	return other
}

// someAddr is an address near others.
func someAddr(r *rand.Rand) (a flow.Addr) {
	if r.IntN(2) == 0 {
		return flow.AddrFrom4([4]byte{byte(r.IntN(2)) * 192, byte(r.IntN(3)), byte(r.Uint32()), byte(r.Uint32())})
	}
	for i := range a {
		a[i] = byte(r.IntN(2))
	}
	a[0], a[15] = 0x20, byte(r.Uint32())
	return a
}

func TestLikeTheSlowWay(t *testing.T) {
	c, r := newCache(), rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		a := someAddr(r)
		require.Equal(t, slow(t, a), c.pseudonym(a), a)
	}
}

// TestPrefixesArePreserved also holds that no two addresses get one pseudonym.
func TestPrefixesArePreserved(t *testing.T) {
	c, r := newCache(), rand.New(rand.NewPCG(2, 2))
	shared := func(a, b flow.Addr) (n int) {
		for i := range a {
			x := bits.LeadingZeros8(a[i] ^ b[i])
			if n += x; x < 8 {
				break
			}
		}
		return n
	}
	for range 20000 {
		a, b := someAddr(r), someAddr(r)
		if a.Is4() == b.Is4() {
			require.Equal(t, shared(a, b), shared(c.pseudonym(a), c.pseudonym(b)), "%v %v", a, b)
		}
	}
}
