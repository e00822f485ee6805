package netflow

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnmapped(t *testing.T) {
	var u Unmapped
	r := newRig(t, Config{Unmapped: &u}, 8)
	require.Empty(t, u.Elements())
	fields := []wireField{{1, 4, 0}, {7, variableLength, 9999}, {6, 2, 9999}, {6, 2, 9998}, {210, 3, 0}}
	tpl := ipfix(1, 7, appendSet(nil, 2, templateBody(300, fields)))
	record := cat(words(5), []byte{2, 0xab, 0xcd}, []byte{1, 2, 3, 4}, []byte{0, 0, 0})
	long := cat(words(5), append([]byte{255, 1, 0}, make([]byte, 256)...), make([]byte, 4), []byte{0, 0, 0})
	r.flows(from(tpl)...)
	require.Empty(t, u.Elements(), "a template is no data")
	r.flows(from(ipfix(1, 7, appendSet(nil, 300, cat(record, long))))...)
	other := netip.MustParseAddrPort("192.0.2.2:1")
	r.flows(datagram{other, tpl}, datagram{other, ipfix(1, 7, appendSet(nil, 300, long))})
	var lines []string
	for _, e := range u.Elements() {
		lines = append(lines, e.String())
	}
	require.Equal(t, []string{
		"9998/6 of 192.0.2.1, 2 bytes, in 2 records, such as 0304",
		"9999/6 of 192.0.2.1, 2 bytes, in 2 records, such as 0102",
		"9999/7 of 192.0.2.1, variable length, in 2 records, such as abcd",
		"9998/6 of 192.0.2.2, 2 bytes, in 1 records, such as 0000",
		"9999/6 of 192.0.2.2, 2 bytes, in 1 records, such as 0000",
		fmt.Sprintf("9999/7 of 192.0.2.2, variable length, in 1 records, such as %0*d", 2*maxExample, 0),
	}, lines)
}

func TestUnmappedIsBounded(t *testing.T) {
	var u Unmapped
	r := newRig(t, Config{Unmapped: &u}, 8)
	for i := range maxUnmapped/maxFields + 2 {
		var fields []wireField
		for id := range uint16(maxFields) {
			fields = append(fields, wireField{id + 1, 1, uint32(10000 + i)})
		}
		r.flows(from(ipfix(1, 7, appendSet(nil, 2, templateBody(300, fields)), appendSet(nil, 300, make([]byte, maxFields))))...)
	}
	all := u.Elements()
	require.Len(t, all, maxUnmapped+1)
	require.Equal(t, Element{Records: 2 * maxFields}, all[maxUnmapped])
	require.Equal(t, "others in 2048 records", all[maxUnmapped].String())
}
