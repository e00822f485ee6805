package vrp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
)

// ReadJSON reads what a validator exports, as routinator, rpki-client and OctoRPKI
// write it: an object with a list "roas" of "asn" (a number, or text that may begin
// with AS), "prefix" and "maxLength", the prefix's length where it is missing.
// Everything else is passed over. What is not whole is refused as a whole; the
// error tells the place.
func ReadJSON(r io.Reader) (Set, error) {
	dec := json.NewDecoder(r)
	if err := expect(dec, '{'); err != nil {
		return nil, at(dec, err)
	}
	var vrps []VRP
	found := false
	for dec.More() {
		key, err := dec.Token()
		switch {
		case err != nil:
		case key == "roas":
			found = true
			vrps, err = readROAs(dec, vrps)
		default:
			err = skip(dec)
		}
		if err != nil {
			return nil, at(dec, err)
		}
	}
	if err := expect(dec, '}'); err != nil {
		return nil, at(dec, err)
	}
	if !found {
		return nil, errors.New(`there is no list "roas"`)
	}
	return NewSet(vrps), end(dec)
}

func readROAs(dec *json.Decoder, vrps []VRP) ([]VRP, error) {
	if err := expect(dec, '['); err != nil {
		return nil, fmt.Errorf("roas: %w", err)
	}
	for i := 0; dec.More(); i++ {
		if len(vrps) == Max {
			return nil, fmt.Errorf("there are more than %d VRPs", Max)
		}
		var entry roa
		err := dec.Decode(&entry)
		if err == nil {
			var v VRP
			v, err = entry.vrp()
			vrps = append(vrps, v)
		}
		if err != nil {
			return nil, fmt.Errorf("roas[%d]: %w", i, err)
		}
	}
	return vrps, expect(dec, ']')
}

type roa struct {
	ASN       *asn    `json:"asn"`
	Prefix    *string `json:"prefix"`
	MaxLength *int    `json:"maxLength"`
}

func (r roa) vrp() (VRP, error) {
	if r.ASN == nil || r.Prefix == nil {
		return VRP{}, errors.New(`"asn" or "prefix" is missing`)
	}
	return parse(*r.Prefix, r.MaxLength, uint32(*r.ASN))
}

// parse makes a VRP of a text and a length that may be missing.
func parse(prefix string, maxLen *int, asn uint32) (VRP, error) {
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		return VRP{}, fmt.Errorf("prefix %q: %w", prefix, err)
	}
	if maxLen == nil {
		return New(p, p.Bits(), asn)
	}
	return New(p, *maxLen, asn)
}

// asn is 64496, "64496" or "AS64496".
type asn uint32

// UnmarshalJSON implements json.Unmarshaler.
func (a *asn) UnmarshalJSON(text []byte) error {
	digits := bytes.Trim(text, `"`)
	if len(digits) > 2 && bytes.EqualFold(digits[:2], []byte("AS")) {
		digits = digits[2:]
	}
	n, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil {
		return fmt.Errorf("%s is no AS number", text)
	}
	*a = asn(n)
	return nil
}

// expect reads a delimiter.
func expect(dec *json.Decoder, want json.Delim) error {
	got, err := dec.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v stands where %q is expected", got, rune(want))
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// skip reads a value, whatever it is, without keeping it.
func skip(dec *json.Decoder) error {
	for depth := 0; ; {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// end makes sure that nothing is left.
func end(dec *json.Decoder) error {
	switch _, err := dec.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return at(dec, errors.New("more stands behind the end"))
	default:
		return at(dec, err)
	}
}

// at adds where a reader has come to.
func at(dec *json.Decoder, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("at byte %d: %w", dec.InputOffset(), err)
}
