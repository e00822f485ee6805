package vrp_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/vrp"
)

func TestReadJSON(t *testing.T) {
	for name, text := range map[string]string{
		"routinator":  `{"metadata":{"generated":0},"roas":[{"asn":"AS64496","prefix":"192.0.2.0/24","maxLength":26,"ta":"x"},{"asn":"AS64497","prefix":"2001:db8::/32","maxLength":48,"ta":"x"}],"routerKeys":[{"asn":"AS1"}],"aspas":[[],{}]}`,
		"jsonext":     `{"roas":[{"asn":"AS64496","prefix":"192.0.2.0/24","maxLength":26,"source":[{"type":"roa","uri":"rsync://x"}]},{"asn":"AS64497","prefix":"2001:db8::/32","maxLength":48,"source":[]}]}`,
		"rpki-client": `{"metadata":{"vrps":2},"roas":[{"asn":64496,"prefix":"192.0.2.0/24","maxLength":26,"ta":"x","expires":1},{"asn":64497,"prefix":"2001:db8::/32","maxLength":48,"ta":"x","expires":1}],"bgpsec_keys":[]}`,
		"OctoRPKI":    `{"metadata":{"counts":2,"valid":1,"signature":"00"},"roas":[{"prefix":"192.0.2.0/24","maxLength":26,"asn":"AS64496","ta":"x"},{"prefix":"2001:db8::/32","maxLength":48,"asn":"AS64497","ta":"x"}]}`,
		"twice":       `{"roas":[{"asn":"64496","prefix":"192.0.2.0/24","maxLength":26},{"asn":"as64496","prefix":"192.0.2.0/24","maxLength":26}, {"asn":64497,"prefix":"2001:DB8::/32","maxLength":48}]}`,
	} {
		got, err := vrp.ReadJSON(strings.NewReader(text))
		require.NoError(t, err, name)
		require.Equal(t, set(t, "192.0.2.0/24-26 AS64496", "2001:db8::/32-48 AS64497"), got, name)
	}
	got, err := vrp.ReadJSON(strings.NewReader(`{"roas":[{"asn":0,"prefix":"192.0.2.0/24"}]}`))
	require.NoError(t, err)
	require.Equal(t, set(t, "192.0.2.0/24-24 AS0"), got)
	got, err = vrp.ReadJSON(strings.NewReader(`{"roas":[]}`))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestReadJSONRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                 "at byte 0: unexpected EOF",
		`[]`:               `[ stands where '{' is expected`,
		`{}`:               `there is no list "roas"`,
		`{"metadata":{}}`:  `there is no list "roas"`,
		`{"roas":{}}`:      `roas: { stands where '[' is expected`,
		`{"roas":[`:        "unexpected EOF",
		`{"roas":[]`:       "unexpected EOF",
		`{"roas":[]} null`: "more stands behind the end",
		`{"roas":[{"asn":1,"prefix":"192.0.2.0/24"},{"asn":1,"prefix":"192.0.2.0/33"}]}`: `roas[1]: prefix "192.0.2.0/33"`,
		`{"roas":[{"asn":1,"prefix":"192.0.2.0/24","maxLength":23}]}`:                    `roas[0]: maximum length 23`,
		`{"roas":[{"asn":"ASx","prefix":"192.0.2.0/24"}]}`:                               `roas[0]: "ASx" is no AS number`,
		`{"roas":[{"asn":4294967296,"prefix":"192.0.2.0/24"}]}`:                          `is no AS number`,
		`{"roas":[{"prefix":"192.0.2.0/24"}]}`:                                           `roas[0]: "asn" or "prefix" is missing`,
		`{"roas":[{"asn":1}]}`:                                                           `"asn" or "prefix" is missing`,
		`{"roas":[7]}`:                                                                   `roas[0]: `,
		"\x00":                                                                           "at byte 0",
	} {
		_, err := vrp.ReadJSON(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

const slurm = `{
  "slurmVersion": 1,
  "validationOutputFilters": {
    "prefixFilters": [
      {"prefix": "192.0.2.0/24", "comment": "all in the prefix"},
      {"asn": 64496, "comment": "all of the AS"},
      {"prefix": "198.51.100.0/24", "asn": 64497, "comment": "those in the prefix of the AS"}
    ],
    "bgpsecFilters": [{"asn": 64496}, {"SKI": "Zm9v"}]
  },
  "locallyAddedAssertions": {
    "prefixAssertions": [
      {"asn": 64496, "prefix": "198.51.100.0/24", "comment": "added although of a filtered AS"},
      {"asn": 64496, "prefix": "2001:DB8::/32", "maxPrefixLength": 48}
    ],
    "bgpsecAssertions": []
  }
}`

func TestSLURM(t *testing.T) {
	s, err := vrp.ReadSLURM(strings.NewReader(slurm))
	require.NoError(t, err)
	require.Equal(t,
		set(t,
			"192.0.0.0/16-24 AS64499", "198.51.100.0/24-24 AS64496", "198.51.100.0/25-25 AS64498", "198.51.101.0/24-24 AS64497", "2001:db8::/32-48 AS64496"),
		s.Apply(set(t,
			"192.0.0.0/16-24 AS64499",    // around the filtered prefix
			"192.0.2.0/24-24 AS64499",    // filtered: the prefix itself
			"192.0.2.0/24-32 AS64497",    //
			"192.0.2.128/25-25 AS64499",  // in it
			"198.51.100.0/24-24 AS64497", // by prefix and AS
			"198.51.100.0/25-25 AS64498", // of another AS
			"198.51.101.0/24-24 AS64497", // of another prefix
			"203.0.113.0/24-24 AS64496",  // by AS
			"2001:db8:1::/48-48 AS64496", //
		)))
}

func TestReadSLURMRefuses(t *testing.T) {
	wrap := func(filters, assertions string) string {
		return `{"slurmVersion":1,"validationOutputFilters":{"prefixFilters":[` + filters + `],"bgpsecFilters":[]},"locallyAddedAssertions":{"prefixAssertions":[` + assertions + `],"bgpsecAssertions":[]}}`
	}
	_, err := vrp.ReadSLURM(strings.NewReader(wrap("", "")))
	require.NoError(t, err)
	for text, want := range map[string]string{
		``:                   "unexpected EOF",
		`{}`:                 "slurmVersion is 0",
		`{"slurmVersion":3}`: "slurmVersion is 3",
		`{"slurmVersion":1}`: "is missing",
		`{"slurmVersion":1,"locallyAddedAssertion":{}}`:           `unknown field "locallyAddedAssertion"`,
		wrap(`{"comment":"x"}`, ""):                               `prefixFilters[0]: neither "prefix" nor "asn" is given`,
		wrap(`{"asn":1},{"prefix":"192.0.2.1/24"}`, ""):           `prefixFilters[1]: prefix 192.0.2.1/24 has bits behind its length`,
		wrap(``, `{"asn":1}`):                                     `prefixAssertions[0]: "asn" or "prefix" is missing`,
		wrap(``, `{"asn":1,"prefix":"x"}`):                        `prefixAssertions[0]: prefix "x"`,
		wrap(``, `{"asn":"1","prefix":"192.0.2.0/24"}`):           `cannot unmarshal`,
		wrap(``, `{"asn":1,"prefix":"::/0","maxLength":8}`):       `unknown field "maxLength"`,
		wrap(``, `{"asn":1,"prefix":"::/9","maxPrefixLength":8}`): `maximum length 8`,
		wrap(``, ``) + `{}`:                                       "more stands behind the end",
	} {
		_, err := vrp.ReadSLURM(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

// TestSLURMLikeTheSlowTwin: each filter looks at each VRP.
func TestSLURMLikeTheSlowTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	all := world(3000)
	for range 50 {
		var filters []vrp.VRP
		var text []string
		for range r.IntN(8) {
			v := all[r.IntN(len(all))]
			p, _ := v.Prefix().Addr().Prefix(r.IntN(int(v.Bits) + 1))
			f, err := vrp.New(p, p.Bits(), 0)
			require.NoError(t, err)
			filters = append(filters, f)
			text = append(text, `{"prefix":"`+p.String()+`"}`)
		}
		s, err := vrp.ReadSLURM(strings.NewReader(`{"slurmVersion":1,"validationOutputFilters":{"prefixFilters":[` + strings.Join(text, ",") + `]},"locallyAddedAssertions":{}}`))
		require.NoError(t, err)
		var want vrp.Set
	next:
		for _, v := range all {
			for _, f := range filters {
				if f.Bits <= v.Bits && f.Prefix().Contains(v.Prefix().Addr()) {
					continue next
				}
			}
			want = append(want, v)
		}
		require.Equal(t, len(want), len(s.Apply(all)), text)
		if len(want) > 0 {
			require.Equal(t, want, s.Apply(all), text)
		}
	}
}

// TestCorpus reads the exports of routinator and stayrtr.
func TestCorpus(t *testing.T) {
	const corpus = "../../../shared/corpus"
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("needs the corpus beside the project")
	}
	for path, want := range map[string]int{
		"routinator/test/output/100.json":         1,
		"routinator/test/output/100.jsonext":      1,
		"routinator/test/output/111.json":         1,
		"routinator/test/output/111.jsonext":      1,
		"stayrtr/cmd/stayrtr/smalltest.rpki.json": 2,
		"stayrtr/cmd/stayrtr/test.rpki.json":      -1,
	} {
		f, err := os.Open(filepath.Join(corpus, path))
		require.NoError(t, err)
		got, err := vrp.ReadJSON(f)
		require.NoError(t, err, path)
		if want >= 0 {
			require.Len(t, got, want, path)
		}
		_ = f.Close()
	}
	f, err := os.Open(filepath.Join(corpus, "routinator/test/output/000.json")) // made with --no-route-origins
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	_, err = vrp.ReadJSON(f)
	require.ErrorContains(t, err, `there is no list "roas"`)
	for _, path := range []string{
		"routinator/test/output/111.slurm", "routinator/test/output/111.slurm2", "routinator/test/output/000.slurm",
		"routinator/test/slurm/full.json", "stayrtr/prefixfile/slurm.json", "stayrtr/cmd/stayrtr/test.slurm.json",
	} {
		f, err := os.Open(filepath.Join(corpus, path))
		require.NoError(t, err)
		_, err = vrp.ReadSLURM(f)
		require.NoError(t, err, path)
		_ = f.Close()
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add(`{"roas":[{"asn":"AS64496","prefix":"192.0.2.0/24","maxLength":26,"ta":"x"}]}`)
	f.Add(`{"metadata":[{}],"roas":[{"asn":1,"prefix":"2001:db8::/32"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := vrp.ReadJSON(strings.NewReader(text))
		if err != nil {
			return
		}
		for i, v := range got {
			again, err := vrp.New(v.Prefix(), int(v.MaxLen), v.ASN)
			require.NoError(t, err)
			require.Equal(t, v, again)
			if i > 0 {
				require.Negative(t, vrp.Compare(got[i-1], v))
			}
		}
		vrp.NewTable(got)
	})
}

func FuzzReadSLURM(f *testing.F) {
	f.Add(slurm)
	all := world(100)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := vrp.ReadSLURM(strings.NewReader(text))
		if err != nil {
			return
		}
		once := s.Apply(all)
		require.LessOrEqual(t, len(once), len(all)+len(text))
		vrp.NewTable(once)
	})
}
