package prefixfile

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// list reads a list and writes its entries down again.
func list(text, number string) (lines []string, err error) {
	entries, err := Read(strings.NewReader(text), number)
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%d: %v %d %q", e.Line, e.Prefix, e.Number, e.Name))
	}
	return lines, err
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		text, number string
		want         []string
	}{
		"nothing":          {"", "id", nil},
		"plain":            {"192.0.2.0/24,7\n2001:db8::/32,8,eight\n", "id", []string{`1: 192.0.2.0/24 7 ""`, `2: 2001:db8::/32 8 "eight"`}},
		"prefixes alone":   {"192.0.2.0/24\n198.51.100.7", "id", []string{`1: 192.0.2.0/24 0 ""`, `2: 198.51.100.7/32 0 ""`}},
		"comments, blanks": {"# list\n\n 192.0.2.0/24 , 7 , \"a, b\"\r\n", "id", []string{`3: 192.0.2.0/24 7 "a, b"`}},
		"named columns":    {"name,since,id,prefix\nacme,2020,7,192.0.2.0/24\n", "id", []string{`2: 192.0.2.0/24 7 "acme"`}},
		"names alone":      {"prefix,name\n192.0.2.0/24,acme\n", "id", []string{`2: 192.0.2.0/24 0 "acme"`}},
		"AS numbers":       {"192.0.2.0/24,AS64496\n198.51.100.0/24,64497", "asn", []string{`1: 192.0.2.0/24 64496 ""`, `2: 198.51.100.0/24 64497 ""`}},
		"bits behind":      {"192.0.2.9/24,1", "id", []string{`1: 192.0.2.0/24 1 ""`}},
		"mapped":           {"::ffff:192.0.2.0/120,1", "id", []string{`1: 192.0.2.0/24 1 ""`}},
		"JSON": {"[\n{\"prefix\":\"192.0.2.0/24\",\"id\":7,\"name\":\"acme\",\"note\":[]},\n{\"id\":\"8\",\"prefix\":\"::/0\",\"name\":null}\n]\n", "id",
			[]string{`2: 192.0.2.0/24 7 "acme"`, `3: ::/0 8 ""`}},
		"empty JSON": {"[]", "id", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := list(c.text, c.number)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.0/24,1\n192.0.2.0/33,2":         `line 2, column 1: "192.0.2.0/33" is no prefix`,
		"192.0.2.0/24,1\n198.51.100.0/24, seven": `line 2, column 18: id "seven" is no number from 0 to 4294967295`,
		"192.0.2.0/24,4294967296":                `line 1, column 14: id "4294967296" is no number from 0 to 4294967295`,
		"192.0.2.0/24,-1":                        `line 1, column 14: id "-1" is no number from 0 to 4294967295`,
		"id,prefix\n7":                           `line 2, column 1: the prefix is missing`,
		"id,prefix,id\n":                         `line 1, column 11: column "id" is there twice`,
		"192.0.2.0/24,\"a\nb":                    `line 2, column 2: extraneous or missing " in quoted-field`,
		"fe80::1%eth0":                           `line 1, column 1: "fe80::1%eth0" is no prefix`,
		"{}":                                     `line 1, column 1: "{}" is no prefix`,
		"[\n {\"prefix\":\"x\"}]":                `line 2, column 2: "x" is no prefix`,
		"[\n {\"prefix\":\"::/0\",\"id\":[]}]":   `line 2, column 2: id is neither a text nor a number`,
		"[{\"prefix\":\"::/0\",\"id\":1.5}]":     `line 1, column 2: id "1.5" is no number from 0 to 4294967295`,
		"[{\"prefix\":\"::/0\"}":                 `line 1, column 19: the array does not end`,
		"[{\"prefix\":\"::/0\"}] x":              `line 1, column 21: there is more behind the array`,
		"[{\"id\":1}]":                           `line 1, column 2: "" is no prefix`,
		"[7]":                                    `json: cannot unmarshal number`,
		"[{\"prefix\":\"::/0\",\n\"prefix\":\"::/0\",\n]": `invalid character ']'`,
	} {
		_, err := list(text, "id")
		require.ErrorContains(t, err, want, text)
	}
}

func TestReadPrefixes(t *testing.T) {
	for _, text := range []string{
		"192.0.2.0/24,x,y\n2001:db8::/32\n", "note,prefix\n-,192.0.2.0/24\n-,2001:db8::/32",
		`[{"prefix":"192.0.2.0/24","":"x","name":"y"},{"prefix":"2001:db8::/32"}]`,
	} {
		entries, err := ReadPrefixes(strings.NewReader(text))
		require.NoError(t, err)
		var got []string
		for _, e := range entries {
			got = append(got, e.Prefix.String()+e.Name)
			require.Zero(t, e.Number)
		}
		require.Equal(t, []string{"192.0.2.0/24", "2001:db8::/32"}, got)
	}
}

func TestLongest(t *testing.T) {
	entries, err := Read(strings.NewReader("10.0.0.0/8,1\n10.1.0.0/16,2\n10.1.0.0/16,2\n2001:db8::/32,3\n2001:db8::1,4"), "id")
	require.NoError(t, err)
	table, err := NewTable(entries, func(e *Entry) uint32 { return e.Number })
	require.NoError(t, err)
	require.Equal(t, 4, table.Len())
	for addr, want := range map[string]uint32{"10.2.0.1": 1, "10.1.2.3": 2, "11.0.0.1": 0, "2001:db8::2": 3, "2001:db8::1": 4, "::1": 0} {
		got, ok := table.Longest(flow.MustParseAddr(addr))
		require.Equal(t, want, got, addr)
		require.Equal(t, want != 0, ok, addr)
	}
}

func TestOnePrefixWithTwoMeanings(t *testing.T) {
	entries, err := Read(strings.NewReader("10.0.0.0/8,1\n\n10.0.0.9/8,2"), "id")
	require.NoError(t, err)
	_, err = NewTable(entries, func(e *Entry) uint32 { return e.Number })
	require.EqualError(t, err, "line 3: prefix 10.0.0.0/8 is in line 1 too, with another meaning")
}

// TestLongestIsWhatALoopFinds compares with the slow way.
func TestLongestIsWhatALoopFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var entries []Entry
	for i := range 500 {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(r.IntN(4)), byte(r.IntN(4)), byte(r.Uint32()), byte(r.Uint32())}), r.IntN(33)).Masked()
		if !containsPrefix(entries, p) {
			entries = append(entries, Entry{Prefix: p, Number: uint32(i + 1)})
		}
	}
	table, err := NewTable(entries, func(e *Entry) uint32 { return e.Number })
	require.NoError(t, err)
	for range 5000 {
		a := flow.AddrFrom4([4]byte{byte(r.IntN(5)), byte(r.IntN(5)), byte(r.Uint32()), byte(r.Uint32())})
		want, bits := uint32(0), -1
		for _, e := range entries {
			if a.In(e.Prefix) && e.Prefix.Bits() > bits {
				want, bits = e.Number, e.Prefix.Bits()
			}
		}
		got, _ := table.Longest(a)
		require.Equal(t, want, got, a)
	}
}

func containsPrefix(entries []Entry, p netip.Prefix) bool {
	for _, e := range entries {
		if e.Prefix == p {
			return true
		}
	}
	return false
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24,7,seven\n", "prefix,name\n::/0,x", `[{"prefix":"::/0","id":1}]`, "#\n\"", "[", "[{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := Read(strings.NewReader(text), "id")
		if err != nil {
			require.Nil(t, entries)
			return
		}
		for _, e := range entries {
			require.True(t, e.Prefix.IsValid())
			require.Equal(t, e.Prefix.Masked(), e.Prefix)
			require.Positive(t, e.Line)
		}
		_, _ = NewTable(entries, func(e *Entry) string { return e.Name })
	})
}
