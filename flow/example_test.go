package flow_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
)

func ExampleFlow() {
	var fl flow.Flow
	fl.SetDstAddr(flow.MustParseAddr("198.51.100.80"))
	fl.SetDstPort(443)
	fl.SetSrcAS(0)
	fmt.Println(fl.DstAddr, fl.DstPort)
	fmt.Println(fl.Has(flow.FieldSrcAS), fl.Has(flow.FieldDstAS))
	// Output:
	// 198.51.100.80 443
	// true false
}

func ExampleFlow_BitsPerSecond() {
	var fl flow.Flow
	fl.SetBytes(12_500)
	_, known := fl.BitsPerSecond()
	fmt.Println(known)
	fl.SetTimeStart(0)
	fl.SetTimeEnd(int64(10 * time.Second))
	fmt.Println(fl.BitsPerSecond())
	// Output:
	// false
	// 10000 true
}

func ExampleAddrFrom() {
	addr := flow.AddrFrom(netip.MustParseAddr("192.0.2.1"))
	fmt.Println(addr, addr.Is4(), addr.In(netip.MustParsePrefix("192.0.2.0/24")))
	// Output:
	// 192.0.2.1 true true
}

func ExampleAddrFrom4() {
	fmt.Println(flow.AddrFrom4([4]byte{192, 0, 2, 1}))
	// Output:
	// 192.0.2.1
}

func ExampleAddrFromSlice() {
	addr, ok := flow.AddrFromSlice([]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1})
	fmt.Println(addr, ok)
	_, ok = flow.AddrFromSlice([]byte{192, 0, 2})
	fmt.Println(ok)
	// Output:
	// 2001:db8::1 true
	// false
}

func ExampleParseAddr() {
	addr, err := flow.ParseAddr("2001:db8::1")
	fmt.Println(addr, err)
	_, err = flow.ParseAddr("192.0.2.256")
	fmt.Println(err)
	// Output:
	// 2001:db8::1 <nil>
	// ParseAddr("192.0.2.256"): IPv4 field has value >255
}

func ExampleParseMAC() {
	mac, err := flow.ParseMAC("00-00-5E-00-53-01")
	fmt.Println(mac, err)
	// Output:
	// 00:00:5e:00:53:01 <nil>
}

func ExampleMACFromUint64() {
	fmt.Println(flow.MACFromUint64(0x00005e005301))
	// Output:
	// 00:00:5e:00:53:01
}

func ExampleParseCountry() {
	country, ok := flow.ParseCountry("DE")
	fmt.Println(country, ok)
	// Output:
	// DE true
}

func ExampleEnumText() {
	fmt.Println(flow.EnumText(flow.FieldProto, 17))
	// Output:
	// UDP
}

func ExampleProtocolName() {
	fmt.Println(flow.ProtocolName(58))
	// Output:
	// IPv6-ICMP
}

func ExampleEnumValue() {
	fmt.Println(flow.EnumValue(flow.FieldProto, "ipv6-icmp"))
	// Output:
	// 58 true
}

func ExampleFieldByName() {
	field, ok := flow.FieldByName("dst_port")
	fmt.Println(field, ok, field.Info().GoName, field.IsColumn())
	// Output:
	// dst_port true DstPort false
}

func ExampleBatch_Keep() {
	large := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		b.Keep(func(fl *flow.Flow) bool { return fl.Bytes > 1000 })
		return nil
	})
	var small, big flow.Flow
	small.SetBytes(60)
	big.SetBytes(1500)
	plan := pipeline.From(source.Flows(small, big)).Through(large).To(sink.JSON(os.Stdout))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"bytes":1500}
}

func ExampleBatch_OnDone() {
	owner := flow.NewOwner(flow.OwnerConfig{})
	b := owner.Begin(0, time.Time{})
	b.OnDone(func(err error) { fmt.Println("finished:", err) })
	owner.Finish(errors.New("connection refused"))
	// Output:
	// finished: connection refused
}

func ExampleBatch_Hold() {
	owner := flow.NewOwner(flow.OwnerConfig{})
	b := owner.Begin(0, time.Time{})
	b.OnDone(func(error) { fmt.Println("finished") })
	release := b.Hold()
	owner.Finish(nil)
	fmt.Println("sum delivered")
	release(nil)
	// Output:
	// sum delivered
	// finished
}

func ExampleBatch_Retain() {
	owner := flow.NewOwner(flow.OwnerConfig{})
	b := owner.Begin(0, time.Time{})
	b.OnDone(func(error) { fmt.Println("finished") })
	b.Next().SetDstPort(443)
	view := b.Retain()
	owner.Finish(nil)
	for fl := range view.Batch().All() {
		fmt.Println("port", fl.DstPort)
	}
	view.Release(nil)
	// Output:
	// port 443
	// finished
}

func ExampleBatch_Raw() {
	packets := uint64(0)
	sum := sink.Func("sum", func(b *flow.Batch) error {
		flows, rows := b.Raw()
		for _, i := range rows {
			packets += flows[i].Packets
		}
		return nil
	})
	var short, long flow.Flow
	short.SetPackets(3)
	long.SetPackets(40)
	if err := pipeline.From(source.Flows(short, long)).To(sum).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(packets, "packets")
	// Output:
	// 43 packets
}

func ExampleColumn() {
	owner := flow.NewOwner(flow.OwnerConfig{})
	b := owner.Begin(0, time.Time{})
	b.SetFlowID(b.Next(), 7)
	b.Next()
	ids, has := flow.Column[uint64](b, flow.FieldFlowID)
	for i, id := range ids {
		if has[i] {
			fmt.Println("flow", i, "has the id", id)
		}
	}
	owner.Finish(nil)
	// Output:
	// flow 0 has the id 7
}

func ExampleExtension() {
	score := flow.Extension[uint8]("score", flow.Doc("how suspicious the flow is"), flow.Unit("percent"))
	rate := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			score.Set(b, fl, 80)
		}
		return nil
	})
	var fl flow.Flow
	fl.SetDstPort(23)
	plan := pipeline.From(source.Flows(fl)).Through(rate).To(sink.JSON(os.Stdout))
	if err := plan.Run(context.Background(), pipeline.WithExtensions(score)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_port":23,"score":80}
}

func ExampleNewLayout() {
	_, err := flow.NewLayout(flow.Extension[uint8]("score"), flow.Extension[uint16]("dst_port"))
	fmt.Println(err)
	// Output:
	// extension "dst_port": the name is taken
}

func ExampleNewSymbols() {
	symbols := flow.NewSymbols(2)
	eth0, eth1, eth2 := symbols.Intern("eth0"), symbols.Intern("eth1"), symbols.Intern("eth2")
	fmt.Println(symbols.String(eth0), symbols.String(eth1), eth2)
	fmt.Println(symbols.Len(), "texts,", symbols.Refused(), "refused")
	// Output:
	// eth0 eth1 0
	// 2 texts, 1 refused
}

func ExampleSymbols_Quota() {
	quota := flow.NewSymbols(0).Quota(1)
	_, first := quota.Intern([]byte("eth0"))
	_, second := quota.Intern([]byte("eth1"))
	fmt.Println(first, second, quota.Refused())
	// Output:
	// true false 1
}

func ExamplePartialError() {
	picky := pipeline.NamedSink("picky", pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		var failed []uint16
		flows, rows := b.Raw()
		for _, i := range rows {
			if flows[i].DstPort == 23 {
				failed = append(failed, i)
			}
		}
		if len(failed) == 0 {
			return nil
		}
		return &flow.PartialError{Rows: failed, Err: errors.New("telnet is refused")}
	}))
	var ssh, telnet flow.Flow
	ssh.SetDstPort(22)
	telnet.SetDstPort(23)
	plan := pipeline.From(source.Flows(ssh, telnet)).To(pipeline.DeadLetter(picky, sink.JSON(os.Stdout)))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_port":23}
}

func ExampleNewOwner() {
	owner := flow.NewOwner(flow.OwnerConfig{Size: 2})
	b := owner.Begin(0, time.Time{})
	b.OnDone(func(err error) { fmt.Println("done:", err) })
	for !b.Full() {
		b.Next().SetDstPort(443)
	}
	fmt.Println(b.Len(), "flows")
	owner.Finish(nil)
	// Output:
	// 2 flows
	// done: <nil>
}
