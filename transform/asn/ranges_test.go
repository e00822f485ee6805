package asn

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrefixesOf(t *testing.T) {
	for text, want := range map[string]string{
		"1.0.0.0-1.0.0.255":                          "[1.0.0.0/24]",
		"1.0.4.0-1.0.6.255":                          "[1.0.4.0/23 1.0.6.0/24]",
		"1.0.0.1-1.0.0.6":                            "[1.0.0.1/32 1.0.0.2/31 1.0.0.4/31 1.0.0.6/32]",
		"0.0.0.0-255.255.255.255":                    "[0.0.0.0/0]",
		"255.255.255.255-255.255.255.255":            "[255.255.255.255/32]",
		"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "[::/0]",
		"2001:db8::1-2001:db8::2":                    "[2001:db8::1/128 2001:db8::2/128]",
	} {
		first, last, _ := strings.Cut(text, "-")
		got := slices.Collect(prefixesOf(netip.MustParseAddr(first), netip.MustParseAddr(last)))
		require.Equal(t, want, fmt.Sprint(got), text)
	}
}

func TestRangesThatAreBad(t *testing.T) {
	for row, want := range map[string]string{
		"1.0.0.0\t1.0.0.255":             `line 1, column 1: it is no range of addresses and AS number between tabulators`,
		"1.0.0\t1.0.0.255\t1":            `line 1, column 1: "1.0.0" is no address`,
		"fe80::1%a\t1.0.0.255\t1":        `line 1, column 1: "fe80::1%a" is no address`,
		"1.0.0.0\t1.0.0\t1":              `line 1, column 9: "1.0.0" is no address`,
		"1.0.0.9\t1.0.0.0\t1":            `line 1, column 9: the range does not go from 1.0.0.9 to 1.0.0.0`,
		"1.0.0.0\t::1\t1":                `line 1, column 9: the range does not go from 1.0.0.0 to ::1`,
		"\n1.0.0.0\t1.0.0.255\tAS1":      `line 2, column 19: "AS1" is no AS number`,
		"1.0.0.0\t1.0.0.255\t4294967296": `line 1, column 19: "4294967296" is no AS number`,
		strings.Repeat("x", 2*maxLine):   `line 1: bufio.Scanner: token too long`,
	} {
		entries, err := readRanges(strings.NewReader(row))
		require.ErrorContains(t, err, want)
		require.Nil(t, entries)
	}
}

func FuzzReadRanges(f *testing.F) {
	f.Add("1.0.0.0\t1.0.0.255\t64496\tUS\tEXAMPLE\n1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\r\n")
	f.Add("::\tffff::\t1")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := readRanges(strings.NewReader(text))
		if err != nil {
			require.Nil(t, entries)
		}
		for _, e := range entries {
			require.Equal(t, e.Prefix.Masked(), e.Prefix)
			require.NotZero(t, e.Number)
		}
	})
}
