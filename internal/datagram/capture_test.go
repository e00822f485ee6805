package datagram_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/internal/datagram"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
)

// udpPacket is a UDP header and its payload.
func udpPacket(port uint16, payload []byte) []byte {
	p := binary.BigEndian.AppendUint16(nil, 50000)
	p = binary.BigEndian.AppendUint16(p, port)
	p = binary.BigEndian.AppendUint16(p, uint16(8+len(payload)))
	p = append(p, 0, 0)
	return append(p, payload...)
}

// frame is an Ethernet frame with an IPv4 packet, or a fragment of one.
func frame(id uint16, at int, more bool, protocol byte, body []byte) []byte {
	if protocol == 0 {
		protocol = 17
	}
	offset := uint16(at / 8)
	if more {
		offset |= 0x2000
	}
	p := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0}
	p = binary.BigEndian.AppendUint16(p, uint16(20+len(body)))
	p = binary.BigEndian.AppendUint16(p, id)
	p = binary.BigEndian.AppendUint16(p, offset)
	p = append(p, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7)
	return append(p, body...)
}

// capture is a pcap of frames, a second apart.
func capture(t testing.TB, frames ...[]byte) []byte {
	t.Helper()
	le := binary.LittleEndian
	p := le.AppendUint32(nil, 0xa1b2c3d4)
	for _, v := range []uint32{4<<16 | 2, 0, 0, 1 << 18, 1} {
		p = le.AppendUint32(p, v)
	}
	for i, f := range frames {
		for _, v := range []uint32{uint32(1000 + i), 0, uint32(len(f)), uint32(len(f))} {
			p = le.AppendUint32(p, v)
		}
		p = append(p, f...)
	}
	return p
}

func payloads(ds []datagram.Datagram) (all []string) {
	for _, d := range ds {
		all = append(all, string(d.Payload))
	}
	return all
}

func TestCaptureByContent(t *testing.T) {
	exports := [][]byte{export.V5(0, 3), export.IPFIXTemplate(0), export.IPFIXData(0, 2), export.SFlow(1)}
	var frames [][]byte
	for i, e := range exports {
		require.True(t, datagram.Looks(e))
		require.NotEqual(t, datagram.Unknown, datagram.Tell(e))
		frames = append(frames, frame(uint16(i), 0, false, 0, udpPacket(uint16(9000+i), e)))
		require.False(t, datagram.Looks(e[:len(e)-9]))
	}
	frames = append(frames, frame(9, 0, false, 0, udpPacket(53, []byte("a question of some length"))), frame(9, 0, false, 6, make([]byte, 20)), []byte("?"))
	f := file(capture(t, frames...))
	got, err := all(f)
	require.NoError(t, err)
	require.Len(t, got, len(exports))
	for i, d := range got {
		require.Equal(t, exports[i], d.Payload)
		require.Equal(t, netip.MustParseAddrPort("192.0.2.1:50000"), d.From)
		require.Equal(t, int64(1000+i)*1e9, d.Received)
	}
	require.Equal(t, datagram.Counts{Packets: 7, Others: 2, Refused: 1}, f.Counts())
}

func TestCaptureByPort(t *testing.T) {
	got, err := all(file(capture(t,
		frame(1, 0, false, 0, udpPacket(2055, []byte("yes"))), frame(1, 0, false, 0, udpPacket(2056, []byte("no"))),
		append(frame(1, 0, false, 0, udpPacket(2055, nil)), make([]byte, 18)...), // padded
	), 4739, 2055))
	require.NoError(t, err)
	require.Equal(t, []string{"yes", ""}, payloads(got))
}

func TestFragments(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789"), 500)
	p := udpPacket(2055, big)
	a, b, c := frame(7, 0, true, 0, p[:1480]), frame(7, 1480, true, 0, p[1480:2960]), frame(7, 2960, false, 0, p[2960:])
	lonely := frame(8, 0, true, 0, p[:1480])
	for _, order := range [][][]byte{{a, b, c}, {c, b, a}, {b, lonely, a, c}} {
		f := file(capture(t, order...), 2055)
		got, err := all(f)
		require.NoError(t, err)
		require.Equal(t, []string{string(big)}, payloads(got))
		require.EqualValues(t, len(order)-3, f.Counts().Fragments)
	}
	for name, c := range map[string]struct {
		frames    [][]byte
		got, lost int
	}{
		"one twice":              {[][]byte{a, b, b, c}, 1, 0},
		"one twice, one missing": {[][]byte{a, a, c}, 0, 1},
		"overlap":                {[][]byte{a, frame(7, 1472, true, 0, p[1472:2960]), c}, 0, 2},                                      // c begins another
		"behind the last one":    {[][]byte{frame(7, 2960, true, 0, p[2960:4440]), frame(7, 1480, false, 0, p[1480:2960]), a}, 0, 2}, // a begins another
		"the same id again":      {[][]byte{a, b, c, a, b, c}, 2, 0},
	} {
		f := file(capture(t, c.frames...), 2055)
		got, err := all(f)
		require.NoError(t, err, name)
		require.Len(t, got, c.got, name)
		require.EqualValues(t, c.lost, f.Counts().Fragments, name)
	}

	var many [][]byte
	for i := range 100 {
		many = append(many, frame(uint16(i), 0, true, 0, p[:1480]))
	}
	f := file(capture(t, many...), 2055)
	_, err := all(f)
	require.NoError(t, err)
	require.EqualValues(t, 100, f.Counts().Fragments)
}
