package sflow

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	peer "github.com/netsampler/goflow2/v2/decoders/sflow"
	pb "github.com/netsampler/goflow2/v2/pb"
	protoproducer "github.com/netsampler/goflow2/v2/producer/proto"
	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// peerFlows decodes a datagram with goflow2. It does not tell of
// discarded packets.
func peerFlows(t testing.TB, payload []byte) []*pb.FlowMessage {
	var p peer.Packet
	if peer.DecodeMessageVersion(bytes.NewBuffer(payload), &p) != nil {
		return nil
	}
	set, err := protoproducer.ProcessMessageSFlowConfig(&p, nil)
	require.NoError(t, err)
	var out []*pb.FlowMessage
	for _, m := range set {
		out = append(out, &m.(*protoproducer.ProtoProducerMessage).FlowMessage)
	}
	return out
}

// TestLikePeer compares flows with those of goflow2, over the captures and
// crafted datagrams.
func TestLikePeer(t *testing.T) {
	inputs := map[string][][]byte{"crafted": {datagram(
		flowSample(5, 100, 5, 6, raw(1, web), tlv(recordSwitch, 10, 1, 20, 1)),
		flowSample(5, 100, 5, 6, raw(1, ether(0x8100, cat([]byte{0, 30, 8, 0}, web[14:]))),
			tlv(recordRouter, 1, []byte{192, 0, 2, 9}, 24, 16),
			tlv(recordGateway, 1, []byte{192, 0, 2, 8}, 64500, 0, 64501, 1, 2, 2, 64510, 64511, 1, 100<<16|7, 200)),
	)}}
	for name, files := range cases(t) {
		for _, file := range files {
			inputs[name] = append(inputs[name], payloads(t, filepath.Join(corpus, file))...)
		}
	}
	compared := 0
	for name, datagrams := range inputs {
		for _, payload := range datagrams {
			h := newHarness(Config{}, 64)
			var got []*flow.Flow
			for _, fl := range h.decode(t, payload) {
				if _, ok := h.batch.DropReason(fl); !ok {
					got = append(got, fl)
				}
			}
			want := peerFlows(t, payload)
			if len(want) == 0 {
				continue // one record that it does not know costs it the datagram
			}
			require.Len(t, got, len(want), name)
			for i, fl := range got {
				alike(t, name, want[i], h.batch, fl)
				compared++
			}
		}
	}
	require.GreaterOrEqual(t, compared, 2)
	t.Logf("%d flows", compared)
}

func alike(t *testing.T, name string, want *pb.FlowMessage, b *flow.Batch, fl *flow.Flow) {
	t.Helper()
	address := func(p []byte) flow.Addr {
		a, _ := flow.AddrFromSlice(p)
		return a
	}
	path, _ := b.ASPath(fl)
	communities, _ := b.Communities(fl)
	require.Equal(t, []flow.Addr{address(want.SamplerAddress), address(want.SrcAddr), address(want.DstAddr), address(want.NextHop), address(want.BgpNextHop)},
		[]flow.Addr{fl.Exporter, fl.SrcAddr, fl.DstAddr, fl.NextHop, fl.BGPNextHop}, name)
	require.Equal(t, []uint64{want.Bytes, want.Packets, want.SamplingRate, want.SrcMac, want.DstMac},
		[]uint64{fl.Bytes, fl.Packets, uint64(fl.SamplingRate), fl.SrcMAC.Uint64(), fl.DstMAC.Uint64()}, name)
	require.Equal(t, []uint32{want.SequenceNum, want.SrcAs, want.DstAs, want.NextHopAs, want.Proto, want.IpTtl, want.IpTos, want.TcpFlags, want.Etype, want.VlanId & maxVLAN, want.SrcVlan, want.DstVlan},
		[]uint32{fl.SequenceNum, fl.SrcAS, fl.DstAS, fl.NextHopAS, uint32(fl.Proto), uint32(fl.TTL), uint32(fl.TOS), uint32(fl.TCPFlags), uint32(fl.EtherType), uint32(fl.VLAN), uint32(fl.SrcVLAN), uint32(fl.DstVLAN)}, name)
	require.Equal(t, []uint32{want.SrcPort, want.DstPort}, []uint32{uint32(fl.SrcPort), uint32(fl.DstPort)}, name)
	require.ElementsMatch(t, want.AsPath, path, name)
	require.ElementsMatch(t, want.BgpCommunities, communities, name)
	if fl.Has(flow.FieldInIf) {
		require.Equal(t, want.InIf, fl.InIf, name)
	}
	if fl.Has(flow.FieldOutIf) {
		require.Equal(t, want.OutIf, fl.OutIf, name)
	}
	if fl.Has(flow.FieldSrcPrefixLen) {
		require.Equal(t, want.SrcNet, uint32(fl.SrcPrefixLen), name)
	}
	if fl.Has(flow.FieldDstPrefixLen) {
		require.Equal(t, want.DstNet, uint32(fl.DstPrefixLen), name)
	}
}

// BenchmarkDecode prints ours and the peer's time for a sample of 128 bytes of
// header in a datagram of seven, with and without extended records.
func BenchmarkDecode(b *testing.B) {
	header := cat(web, make([]byte, 128-len(web)))
	extended := [][]byte{raw(1, header),
		tlv(recordSwitch, 10, 1, 20, 1),
		tlv(recordRouter, 1, []byte{192, 0, 2, 9}, 24, 16),
		tlv(recordGateway, 1, []byte{192, 0, 2, 8}, 64500, 0, 64501, 1, 2, 3, 64510, 64511, 64512, 2, 100<<16|7, 100<<16|8, 200)}
	for _, c := range []struct {
		name    string
		records [][]byte
	}{{"header", extended[:1]}, {"header and switch", extended[:2]}, {"with routes", extended}} {
		const samples = 7
		var list [][]byte
		for range samples {
			list = append(list, flowSample(5, 100, 5, 6, c.records...))
		}
		payload := datagram(list...)
		number := numbering(payload)
		per := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/samples, "ns/sample")
		}
		b.Run(c.name+"/ours", func(b *testing.B) {
			owner := flow.NewOwner(flow.OwnerConfig{})
			d := NewDecoder(Config{})
			batch := owner.Begin(0, time.Time{})
			b.ReportAllocs()
			for b.Loop() {
				number()
				for d.Begin(payload, collectorPeer, received); !d.Fill(batch); {
					owner.Finish(nil)
					batch = owner.Begin(0, time.Time{})
				}
			}
			per(b)
		})
		b.Run(c.name+"/goflow2", func(b *testing.B) {
			producer, err := protoproducer.CreateProtoProducer(nil, protoproducer.CreateSamplingSystem)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				number()
				var p peer.Packet
				if err := peer.DecodeMessageVersion(bytes.NewBuffer(payload), &p); err != nil {
					b.Fatal(err)
				}
				set, err := protoproducer.ProcessMessageSFlowConfig(&p, nil)
				if err != nil || len(set) != samples {
					b.Fatal(err)
				}
				producer.Commit(set)
			}
			per(b)
		})
	}
}

// numbering returns a function that counts a datagram's number and those of its
// samples on, so that it is the next one.
func numbering(payload []byte) func() {
	const sequence, samples = 16, 28
	places := [][]byte{payload[sequence:]}
	for rest := payload[samples:]; len(rest) > 0; rest = rest[8+u32(rest[4:]):] {
		places = append(places, rest[8:])
	}
	return func() {
		for _, p := range places {
			binary.BigEndian.PutUint32(p, u32(p)+1)
		}
	}
}
