package packetflow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/internal/packet"
	"github.com/flowpipeline/pipeline/internal/packetflow"
)

func write(link packet.LinkType, frame []byte) (*flow.Batch, *flow.Flow) {
	b := flow.NewOwner(flow.OwnerConfig{Size: 1}).Begin(0, time.Time{})
	var p packet.Packet
	packet.Parse(link, frame, len(frame), &p)
	fl := b.Next()
	packetflow.Packet(b, fl, &p)
	return b, fl
}

// fragment is a tagged first fragment of a UDP packet.
var fragment = []byte{
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0xa0, 10, 0x81, 0, 0x60, 11, 8, 0,
	0x45, 4, 0, 28, 0, 9, 0x20, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
	0, 53, 18, 0xb5, 0, 8, 0, 0,
}

func TestPacket(t *testing.T) {
	b, fl := write(packet.LinkEthernet, fragment)
	inner, _ := b.InnerVLAN(fl)
	priority, _ := b.VLANPriority(fl)
	require.Equal(t, []uint16{10, 11, 53, 4789, flow.EtherTypeIPv4}, []uint16{fl.VLAN, inner, fl.SrcPort, fl.DstPort, fl.EtherType})
	require.Equal(t, []uint8{5, 1, 4, 64, flow.ProtoUDP}, []uint8{priority, fl.IPFlags, fl.TOS, fl.TTL, fl.Proto})
	require.Equal(t, uint32(9), fl.FragmentID)
	require.Equal(t, flow.MAC{2, 0, 0, 0, 0, 1}, fl.SrcMAC)
	require.False(t, fl.Has(flow.FieldFlowLabel) || fl.Has(flow.FieldTCPFlags) || fl.Has(flow.FieldICMPType) || fl.Has(flow.FieldInIf))
}

func TestPacketOfOneVersion(t *testing.T) {
	_, fl := write(packet.LinkIPv4, fragment[22:])
	require.Equal(t, uint16(flow.EtherTypeIPv4), fl.EtherType)
	require.True(t, fl.Has(flow.FieldIPFlags))
	require.False(t, fl.Has(flow.FieldFlowLabel))
}

func TestRefusedPacketTellsWhatWasRead(t *testing.T) {
	for cut := range 34 + 8 {
		_, fl := write(packet.LinkEthernet, fragment[:cut])
		require.Equal(t, cut >= 14, fl.Has(flow.FieldSrcMAC))
		require.Equal(t, cut >= 18, fl.Has(flow.FieldVLAN))
		require.False(t, fl.Has(flow.FieldSrcAddr) || fl.Has(flow.FieldProto) || fl.Has(flow.FieldTTL))
		_, unmarked := fl.Unmarked()
		require.False(t, unmarked)
	}
}

func TestLabels(t *testing.T) {
	b, fl := write(packet.LinkMPLS, append([]byte{0, 6, 0x41, 63}, fragment[22:]...))
	labels, _ := b.MPLSLabels(fl)
	ttls, _ := b.MPLSTTLs(fl)
	require.Equal(t, [][]uint32{{100}, {63}}, [][]uint32{labels, ttls})
	many := make([]uint32, 3*packet.MaxLabels)
	packetflow.Labels(b, fl, many)
	labels, _ = b.MPLSLabels(fl)
	require.Len(t, labels, packet.MaxLabels)
}
