package input_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/input"
)

// noise is a text that does not compress: what is torn may still look whole.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 1))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return string(p)
}

// resumed reads all of a stream that may be damaged.
func resumed(content string) (string, input.Damage, error) {
	r := input.New("test", strings.NewReader(content))
	r.Resume()
	defer func() { _ = r.Close() }()
	got, err := io.ReadAll(r)
	return string(got), r.Damage(), err
}

// TestResume tears a frame at each byte: the frame before and the frame behind it
// are read.
func TestResume(t *testing.T) {
	for name, pack := range map[string]func(string) string{"gzip": gz, "zstd": zst} {
		for _, text := range []string{strings.Repeat("hello\n", 100), noise(300)} {
			before, torn, behind := pack("before"), pack(text), pack("behind")
			for n := range len(torn) + 1 {
				got, damage, err := resumed(before + torn[:n] + behind)
				require.NoError(t, err, "%s %d", name, n)
				require.True(t, strings.HasPrefix(got, "before") && strings.HasSuffix(got, "behind"), "%s %d", name, n)
				if n == 0 || n == len(torn) {
					require.Zero(t, damage)
					continue
				}
				require.EqualValues(t, 1, damage.Places, "%s %d", name, n)
				require.EqualValues(t, n, damage.Bytes, "%s %d", name, n)
				require.Error(t, damage.First)

				got, damage, err = resumed(before + torn[:n]) // nothing behind it
				require.Error(t, err, n)
				require.True(t, strings.HasPrefix(got, "before"), n)
				require.Zero(t, damage.Places)
			}
		}
	}
}

// TestResumeOfALongFrame tears one that is not kept as a whole.
func TestResumeOfALongFrame(t *testing.T) {
	for name, pack := range map[string]func(string) string{"gzip": gz, "zstd": zst} {
		torn := pack(noise(3 << 20))
		got, damage, err := resumed(torn[:len(torn)-100_000] + pack("behind"))
		require.NoError(t, err, name)
		require.True(t, strings.HasSuffix(got, "behind"), name)
		require.EqualValues(t, 1, damage.Places, name)
	}
}

// TestResumeReadsWhatIsWhole has frames with and without a checksum, with repeated
// bytes, empty, and to be skipped.
func TestResumeReadsWhatIsWhole(t *testing.T) {
	plain, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false))
	require.NoError(t, err)
	zeros := strings.Repeat("\x00", 1<<20)
	for want, content := range map[string]string{
		"abc":            string(plain.EncodeAll([]byte("a"), nil)) + "\x50\x2a\x4d\x18\x03\x00\x00\x00\x28\xb5\x2f" + zst("b") + zst("") + string(plain.EncodeAll([]byte("c"), nil)),
		zeros + zeros:    zst(zeros) + string(plain.EncodeAll([]byte(zeros), nil)),
		"d" + zeros:      gz("d") + gz("") + gz(zeros),
		"not compressed": "not compressed",
	} {
		got, damage, err := resumed(content)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Zero(t, damage)
	}
}

// TestResumeEndsWithTheContext does not take the end of the context for damage.
func TestResumeEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	frame := zst(noise(1000))
	r := input.New("test", io.MultiReader(strings.NewReader(zst("first")+frame[:500]+zst("x")[:5]), failing{cancel}))
	r.Resume()
	p := make([]byte, 100)
	n, err := r.ReadContext(ctx, time.Time{}, p)
	require.NoError(t, err)
	require.Equal(t, "first", string(p[:n]))
	_, err = r.ReadContext(ctx, time.Time{}, p)
	require.ErrorIs(t, err, errFailing)
	require.Zero(t, r.Damage())
}

var errFailing = errors.New("failing")

// failing is a reader that fails.
type failing struct{ then func() }

func (f failing) Read([]byte) (int, error) { f.then(); return 0, errFailing }

// FuzzResume has anything between two frames: both are read.
func FuzzResume(f *testing.F) {
	for _, pack := range []func(string) string{gz, zst} {
		f.Add([]byte(pack("torn")[:9]), true)
		f.Add([]byte(pack(noise(100))[:50]), false)
	}
	f.Fuzz(func(t *testing.T, between []byte, useGzip bool) {
		pack := zst
		if useGzip {
			pack = gz
		}
		got, damage, err := resumed(pack("before") + string(between) + pack("behind"))
		require.True(t, strings.HasPrefix(got, "before"))
		require.LessOrEqual(t, damage.Bytes, uint64(len(between)+len(pack("behind"))))
		if err == nil && damage.Places > 0 {
			require.Error(t, damage.First)
		}
	})
}
