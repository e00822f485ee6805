package vrp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
)

// SLURM is local exceptions to what validators say (RFC 8416): VRPs that are left
// out, and others that are added.
type SLURM struct {
	prefixes   []prefixFilter
	origins    map[uint32]bool // of VRPs that are left out whatever their prefix
	assertions Set
}

// prefixFilter leaves out the VRPs in a prefix, of one AS or of all.
type prefixFilter struct {
	prefix netip.Prefix
	asn    *uint32
}

// slurmFile is the file; what is for routers' keys and ASPA is passed over.
type slurmFile struct {
	Version int `json:"slurmVersion"`
	Filters *struct {
		Prefix []struct {
			Prefix  *string `json:"prefix"`
			ASN     *uint32 `json:"asn"`
			Comment string  `json:"comment"`
		} `json:"prefixFilters"`
		BGPsec json.RawMessage `json:"bgpsecFilters"`
		ASPA   json.RawMessage `json:"aspaFilters"`
	} `json:"validationOutputFilters"`
	Assertions *struct {
		Prefix []struct {
			ASN     *uint32 `json:"asn"`
			Prefix  *string `json:"prefix"`
			MaxLen  *int    `json:"maxPrefixLength"`
			Comment string  `json:"comment"`
		} `json:"prefixAssertions"`
		BGPsec json.RawMessage `json:"bgpsecAssertions"`
		ASPA   json.RawMessage `json:"aspaAssertions"`
	} `json:"locallyAddedAssertions"`
}

// ReadSLURM reads a file of version 1, or of version 2, which adds ASPA. As RFC
// 8416 3.1 asks, whatever it does not know is an error.
func ReadSLURM(r io.Reader) (*SLURM, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	var f slurmFile
	if err := dec.Decode(&f); err != nil {
		return nil, at(dec, err)
	}
	if err := end(dec); err != nil {
		return nil, err
	}
	if f.Version != 1 && f.Version != 2 {
		return nil, fmt.Errorf("slurmVersion is %d, and not 1 or 2", f.Version)
	}
	if f.Filters == nil || f.Assertions == nil {
		return nil, errors.New(`"validationOutputFilters" or "locallyAddedAssertions" is missing`)
	}
	s := &SLURM{origins: map[uint32]bool{}}
	for i, e := range f.Filters.Prefix {
		if err := s.filter(e.Prefix, e.ASN); err != nil {
			return nil, fmt.Errorf("prefixFilters[%d]: %w", i, err)
		}
	}
	for i, e := range f.Assertions.Prefix {
		if e.Prefix == nil || e.ASN == nil {
			return nil, fmt.Errorf(`prefixAssertions[%d]: "asn" or "prefix" is missing`, i)
		}
		v, err := parse(*e.Prefix, e.MaxLen, *e.ASN)
		if err != nil {
			return nil, fmt.Errorf("prefixAssertions[%d]: %w", i, err)
		}
		s.assertions = append(s.assertions, v)
	}
	s.assertions = NewSet(s.assertions)
	return s, nil
}

func (s *SLURM) filter(prefix *string, asn *uint32) error {
	switch {
	case prefix != nil:
		v, err := parse(*prefix, nil, 0)
		if err != nil {
			return err
		}
		s.prefixes = append(s.prefixes, prefixFilter{v.Prefix(), asn})
	case asn != nil:
		s.origins[*asn] = true
	default:
		return errors.New(`neither "prefix" nor "asn" is given`)
	}
	return nil
}

// Apply returns a set with the exceptions made. What is added is not left out by a
// filter (RFC 8416 4.1).
func (s *SLURM) Apply(set Set) Set {
	out := make([]bool, len(set))
	for _, f := range s.prefixes {
		first, _ := New(f.prefix, f.prefix.Bits(), 0)
		first.MaxLen = 255 // before all of the prefix
		i, _ := slices.BinarySearchFunc(set, first, Compare)
		for ; i < len(set) && f.prefix.Contains(set[i].Prefix().Addr()); i++ {
			out[i] = out[i] || f.asn == nil || *f.asn == set[i].ASN
		}
	}
	kept := make([]VRP, 0, len(set)+len(s.assertions))
	for i, v := range set {
		if !out[i] && !s.origins[v.ASN] {
			kept = append(kept, v)
		}
	}
	return NewSet(append(kept, s.assertions...))
}
