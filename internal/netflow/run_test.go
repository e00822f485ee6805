package netflow

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/flowpipeline/pipeline/flow"
)

// everyWidth has each number in widths that are not its own, beside what is done
// for one record after the other.
var everyWidth = []wireField{
	{4, 1, 0}, {7, 1, 0}, {10, 1, 0}, {2, 1, 0}, {11, 2, 0}, {14, 2, 0}, {1, 2, 0}, {16, 3, 0}, {17, 4, 0},
	{56, 6, 0}, {8, 4, 0}, {28, 16, 0}, {152, 8, 0}, {151, 4, 0}, {5, 2, 0}, {23, 8, 0}, {6, 1, 0},
}

// TestBatchesOfAnySize decodes a set into batches of many sizes: the flows are
// the same. Once all records have one length, once they have a text in their
// middle and one at their end.
func TestBatchesOfAnySize(t *testing.T) {
	const n = 2*block + 3
	record := cat(
		[]byte{6, 7, 10, 2}, []byte{0, 11, 0, 14, 1, 1}, []byte{1, 0, 16}, words(17), []byte{2, 0, 0, 0, 0, 9}, []byte{192, 0, 2, 8},
		make([]byte, 16), be.AppendUint64(nil, 1_700_000_000_152), words(1_700_000_001), []byte{1, 0}, be.AppendUint64(nil, 23), []byte{0x12})
	const middle, field = 8, 6 // six fields of eight bytes
	user := func(i int) string { return "user"[:i%5] }
	fields := slices.Concat(everyWidth[:field], []wireField{{371, variableLength, 0}}, everyWidth[field:], []wireField{{96, variableLength, 0}})
	var fixed, varying []byte
	for i := range n {
		record[1] = byte(i)
		fixed = append(fixed, record...)
		varying = cat(varying, record[:middle], []byte{byte(i % 5)}, []byte(user(i)), record[middle:], []byte{3, 'w', 'e', 'b'})
	}
	for _, c := range []struct {
		fields []wireField
		data   []byte
	}{{everyWidth, fixed}, {fields, varying}} {
		for _, size := range []int{1, 7, block, block + 1, 512} {
			r := newRig(t, Config{}, size)
			i := 0
			r.feed(func(b *flow.Batch, fl *flow.Flow) {
				require.EqualValues(t, i, fl.SrcPort)
				require.Equal(t, [8]uint64{6, 10, 2, 11, 14, 257, 1<<16 | 16, 17},
					[8]uint64{uint64(fl.Proto), uint64(fl.InIf), fl.Packets, uint64(fl.DstPort), uint64(fl.OutIf), fl.Bytes, uint64(fl.SrcAS), uint64(fl.DstAS)})
				require.Equal(t, "192.0.2.8", fl.SrcAddr.String())
				require.Equal(t, "02:00:00:00:00:09", fl.SrcMAC.String())
				require.EqualValues(t, 1_700_000_000_152_000_000, fl.TimeStart)
				require.EqualValues(t, 1_700_000_001_000_000_000, fl.TimeEnd)
				require.EqualValues(t, []int{255, 0x12}, []int{int(fl.TOS), int(fl.TCPFlags)}, "what does not fit is the greatest that does")
				out, _ := b.BytesOut(fl)
				require.EqualValues(t, 23, out)
				if len(c.fields) > len(everyWidth) {
					name, _ := b.Text(fl, flow.FieldUser)
					require.Equal(t, user(i), string(name))
					app, _ := b.Text(fl, flow.FieldAppName)
					require.Equal(t, "web", string(app))
				}
				i++
			}, from(ipfix(1, 7, appendSet(nil, 2, templateBody(300, c.fields)), appendSet(nil, 300, c.data)))...)
			require.Equal(t, n, i)
			require.Equal(t, n, r.count(Flows))
		}
	}
}

// TestNothingIsMapped has records of any length that fill no field.
func TestNothingIsMapped(t *testing.T) {
	r := newRig(t, Config{}, 8)
	fields := []wireField{{1, variableLength, 9999}}
	got := r.flows(from(ipfix(1, 7, appendSet(nil, 2, templateBody(300, fields)), appendSet(nil, 300, []byte{3, 1, 2, 3, 0, 1, 9})))...)
	require.Len(t, got, 3)
	require.Equal(t, flow.AddrFrom(testExporter.Addr()), got[2].Exporter)
}

// TestDecodingAllocatesNothing is for datagrams of known templates.
func TestDecodingAllocatesNothing(t *testing.T) {
	for _, c := range benchCases() {
		r := newRig(t, Config{}, 512)
		if c.setup != nil {
			r.flows(from(c.setup)...)
		}
		r.owner.Finish(nil)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			b := r.owner.Begin(testNow, time.Time{})
			r.dec.Begin(c.payload, testExporter, testNow)
			require.True(t, r.dec.Fill(b))
			r.owner.Finish(nil)
		}), c.name)
	}
}
