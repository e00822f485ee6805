package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/pcap"
)

func Example() {
	http := filter.Expr("dst port 80")
	plan := pipeline.
		From(pcap.File("testdata/web.pcap")).
		Filter(http).
		Through(pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) })).
		To(sink.CSV(os.Stdout, "src_addr", "dst_addr", "dst_port", "bytes", "cid"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,dst_addr,dst_port,bytes,cid
	// 192.0.2.1,192.0.2.80,80,685,7
	// 203.0.113.1,192.0.2.80,80,553,7
	// 2001:db8::1,2001:db8::80,80,869,7
	// 192.0.2.1,192.0.2.80,80,485,7
	// 192.0.2.1,192.0.2.80,80,685,7
}

func ExampleFrom() {
	count := sink.Count()
	plan := pipeline.From(pcap.File("testdata/web.pcap"), pcap.File("testdata/crafted.pcap")).To(count)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows")
	// Output:
	// 51 flows
}

func ExampleStream_Filter() {
	https := filter.Expr("dst port 443")
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).
		Filter(https).
		To(sink.CSV(os.Stdout, "dst_addr", "dst_port"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,dst_port
	// 198.51.100.80,443
}

func ExampleStream_Through() {
	customer := pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) })
	server := pipeline.Each(func(fl *flow.Flow) { fl.SetDstAS(64496) })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).
		Through(customer, server).
		To(sink.CSV(os.Stdout, "dst_addr", "cid", "dst_as"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,cid,dst_as
	// 198.51.100.80,7,64496
}

func ExampleStream_Branch() {
	v6 := filter.Expr("dst address ::/0")
	tag := pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(6) })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("2001:db8::80", 443), flowTo("198.51.100.53", 53))).
		Branch(pipeline.When(v6, pipeline.Through(tag))).
		To(sink.CSV(os.Stdout, "dst_addr", "dst_port", "cid"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,dst_port,cid
	// 198.51.100.80,443,
	// 2001:db8::80,443,6
	// 198.51.100.53,53,
}

func ExampleStream_Repartition() {
	count := sink.Count()
	plan := pipeline.From(source.Generator(source.Count(1000))).
		Repartition(4, flow.FieldSrcAddr).
		Through(pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) })).
		To(count)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows")
	// Output:
	// 1000 flows
}

func ExampleStream_To() {
	count := sink.Count()
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).
		To(count, sink.CSV(os.Stdout, "dst_addr", "dst_port"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flow")
	// Output:
	// dst_addr,dst_port
	// 198.51.100.80,443
	// 1 flow
}

func ExampleStream_Tee() {
	https := filter.Expr("dst port 443")
	all, web := sink.Count(), sink.Count()
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).Tee(
		pipeline.To(all),
		pipeline.Filter(https).To(web),
	)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(all.Flows(), "flows,", web.Flows(), "of HTTPS")
	// Output:
	// 2 flows, 1 of HTTPS
}

func ExampleStream_Switch() {
	web, dns, rest := sink.Count(), sink.Count(), sink.Count()
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53), flowTo("198.51.100.53", 123))).Switch(
		pipeline.When(filter.DstPort(443), pipeline.To(web)),
		pipeline.When(filter.DstPort(53), pipeline.To(dns)),
		pipeline.Otherwise(pipeline.To(rest)),
	)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(web.Flows(), "web,", dns.Flows(), "DNS,", rest.Flows(), "other")
	// Output:
	// 1 web, 1 DNS, 1 other
}

func ExampleFilter() {
	https := filter.Expr("dst port 443")
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).Tee(
		pipeline.Filter(https).To(sink.CSV(os.Stdout, "dst_addr", "dst_port")),
	)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,dst_port
	// 198.51.100.80,443
}

func ExampleThrough() {
	hide := pipeline.Each(func(fl *flow.Flow) { fl.Clear(flow.FieldDstAddr) })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).Tee(
		pipeline.To(sink.JSON(os.Stdout)),
		pipeline.Through(hide).To(sink.JSON(os.Stdout)),
	)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_addr":"198.51.100.80","dst_port":443}
	// {"dst_port":443}
}

func ExampleBranch() {
	dns := filter.Expr("dst port 53")
	tag := pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).Tee(
		pipeline.Branch(pipeline.When(dns, pipeline.Through(tag))).To(sink.CSV(os.Stdout, "dst_addr", "cid")),
	)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,cid
	// 198.51.100.80,
	// 198.51.100.53,7
}

func ExampleTo() {
	dns := filter.Expr("dst port 53")
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).
		Branch(pipeline.When(dns, pipeline.To(sink.Discard()))).
		To(sink.CSV(os.Stdout, "dst_addr", "dst_port"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,dst_port
	// 198.51.100.80,443
}

func ExampleTee() {
	dns := filter.Expr("dst port 53")
	first, second := sink.Count(), sink.Count()
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).
		Branch(pipeline.When(dns, pipeline.Tee(pipeline.To(first), pipeline.To(second)))).
		To(sink.CSV(os.Stdout, "dst_addr", "dst_port"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println("DNS:", first.Flows(), "and", second.Flows())
	// Output:
	// dst_addr,dst_port
	// 198.51.100.80,443
	// DNS: 1 and 1
}

func ExampleSwitch() {
	https := filter.Expr("dst port 443")
	all, web, rest := sink.Count(), sink.Count(), sink.Count()
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53), flowTo("198.51.100.25", 25))).Tee(
		pipeline.To(all),
		pipeline.Switch(pipeline.When(https, pipeline.To(web)), pipeline.Otherwise(pipeline.To(rest))),
	)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(all.Flows(), "flows,", web.Flows(), "of HTTPS,", rest.Flows(), "other")
	// Output:
	// 3 flows, 1 of HTTPS, 2 other
}

func ExampleWhen() {
	dns := filter.Expr("dst port 53")
	v6 := filter.Expr("dst address ::/0")
	tag := pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(6) })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("2001:db8::53", 53), flowTo("2001:db8::80", 443))).
		Branch(
			pipeline.When(dns, pipeline.To(sink.Discard())),
			pipeline.When(v6, pipeline.Through(tag)),
		).
		To(sink.CSV(os.Stdout, "dst_addr", "cid"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,cid
	// 198.51.100.80,
	// 2001:db8::80,6
}

func ExampleOtherwise() {
	v6 := filter.Expr("dst address ::/0")
	tag := func(customer uint32) pipeline.Path {
		return pipeline.Through(pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(customer) }))
	}
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("2001:db8::80", 443))).
		Branch(pipeline.When(v6, tag(6)), pipeline.Otherwise(tag(4))).
		To(sink.CSV(os.Stdout, "dst_addr", "cid"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,cid
	// 198.51.100.80,4
	// 2001:db8::80,6
}

func ExampleSourceFunc() {
	servers := []string{"198.51.100.80", "198.51.100.53"}
	src := pipeline.SourceFunc(func(_ context.Context, b *flow.Batch) error {
		for ; len(servers) > 0 && !b.Full(); servers = servers[1:] {
			b.Next().SetDstAddr(flow.MustParseAddr(servers[0]))
		}
		if len(servers) == 0 {
			return io.EOF
		}
		return nil
	})
	if err := pipeline.From(src).To(sink.JSON(os.Stdout)).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_addr":"198.51.100.80"}
	// {"dst_addr":"198.51.100.53"}
}

func ExampleNewSource() {
	src := pipeline.NewSource("ports", func() (pipeline.Source, error) {
		port := uint16(440)
		return pipeline.SourceFunc(func(_ context.Context, b *flow.Batch) error {
			for ; port < 443 && !b.Full(); port++ {
				b.Next().SetDstPort(port)
			}
			if port == 443 {
				return io.EOF
			}
			return nil
		}), nil
	})
	count := sink.Count()
	plan := pipeline.From(src).To(count)
	for range 2 {
		if err := plan.Run(context.Background()); err != nil {
			fmt.Println(err)
		}
		fmt.Println(count.Flows(), "flows")
	}
	// Output:
	// 3 flows
	// 6 flows
}

func ExampleNamedSource() {
	flows := pipeline.NamedSource("flows of web.pcap", pcap.File("testdata/web.pcap"))
	fmt.Print(pipeline.From(flows).To(sink.Discard()))
	// Output:
	// from flows of web.pcap
	// to discard
}

func ExampleEach() {
	tag := pipeline.Each(func(fl *flow.Flow) {
		if fl.DstAddr == flow.MustParseAddr("198.51.100.80") {
			fl.SetDstCustomerID(7)
		}
	})
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).
		Through(tag).
		To(sink.JSON(os.Stdout))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_addr":"198.51.100.80","dst_port":443,"dst_cid":7}
	// {"dst_addr":"198.51.100.53","dst_port":53}
}

func ExampleTransformFunc() {
	names := pipeline.TransformFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			if fl.DstPort == 53 {
				b.SetDstHostName(fl, "resolver.example")
			}
		}
		return nil
	})
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).
		Through(names).
		To(sink.CSV(os.Stdout, "dst_addr", "dst_host_name"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dst_addr,dst_host_name
	// 198.51.100.80,
	// 198.51.100.53,resolver.example
}

func ExampleNewTransform() {
	tag := func(customer uint32) pipeline.Transform {
		return pipeline.NewTransform("tag", func() (pipeline.Transform, error) {
			if customer == 0 {
				return nil, errors.New("the customer is 0")
			}
			return pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(customer) }), nil
		})
	}
	_, err := pipeline.From(source.Flows()).Through(tag(7), tag(0)).To(sink.Discard()).Build()
	fmt.Println(err)
	// Output:
	// tag #2: build: the customer is 0
}

func ExampleNamedTransform() {
	tag := pipeline.NamedTransform("tag", pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(7) }))
	fmt.Print(pipeline.From(source.Flows()).Through(tag).To(sink.Discard()))
	// Output:
	// from flows
	// through tag
	// to discard
}

func ExampleSinkFunc() {
	largest := uint64(0)
	watch := pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
		for fl := range b.All() {
			largest = max(largest, fl.Bytes)
		}
		return nil
	})
	if err := pipeline.From(pcap.File("testdata/web.pcap")).To(watch).Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(largest, "bytes")
	// Output:
	// 26015 bytes
}

func ExampleNewSink() {
	numbered := pipeline.NewSink("numbered", func() (pipeline.Sink, error) {
		n := 0
		return pipeline.SinkFunc(func(_ context.Context, b *flow.Batch) error {
			for fl := range b.All() {
				n++
				fmt.Println(n, fl.DstAddr)
			}
			return nil
		}), nil
	})
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).To(numbered)
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 198.51.100.80
	// 2 198.51.100.53
}

func ExampleNamedSink() {
	archive := pipeline.NamedSink("archive", sink.JSONFile("flows.json.zst"))
	fmt.Print(pipeline.From(source.Flows()).To(archive))
	// Output:
	// from flows
	// to archive
}

func ExampleBuffered() {
	count := sink.Count()
	plan := pipeline.From(source.Generator(source.Count(10_000))).
		To(pipeline.Buffered(count, 16, pipeline.Block))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(count.Flows(), "flows")
	// Output:
	// 10000 flows
}

func ExampleRetry() {
	attempts := 0
	server := sink.Func("server", func(*flow.Batch) error {
		if attempts++; attempts < 3 {
			return errors.New("connection refused")
		}
		return nil
	})
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).
		To(pipeline.Retry(server, pipeline.Backoff{First: time.Millisecond, Attempts: 5}))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(attempts, "attempts")
	// Output:
	// 3 attempts
}

func ExampleDeadLetter() {
	server := sink.Func("server", func(*flow.Batch) error { return errors.New("connection refused") })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).
		To(pipeline.DeadLetter(server, sink.JSON(os.Stdout)))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_addr":"198.51.100.80","dst_port":443}
}

func ExampleDropFailed() {
	server := sink.Func("server", func(*flow.Batch) error { return errors.New("connection refused") })
	pl, err := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).To(pipeline.DropFailed(server)).Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pl.Run(context.Background()))
	fmt.Println(pl.Stats().Total().Dropped, "flow dropped")
	// Output:
	// <nil>
	// 1 flow dropped
}

func ExamplePlan_Build() {
	_, err := pipeline.From().
		Repartition(0).
		To(pipeline.Buffered(sink.CSV(os.Stdout), 0, pipeline.Block)).
		Build()
	fmt.Println(err)
	// Output:
	// from: build: a plan needs a source
	// repartition 0: build: lanes: 0 is less than 1
	// buffered 0, block: build: depth: 0 is less than 1
}

func ExamplePlan_String() {
	https := filter.Expr("dst port 443")
	v6 := filter.Expr("dst address ::/0")
	tag := pipeline.Each(func(fl *flow.Flow) { fl.SetCustomerID(6) })
	plan := pipeline.
		From(pcap.File("traffic.pcap")).
		Branch(pipeline.When(v6, pipeline.Through(tag))).
		Repartition(4).
		Tee(
			pipeline.Filter(https).To(sink.CSVFile("https.csv")),
			pipeline.To(pipeline.Buffered(sink.JSONFile("flows.json.zst"), 16, pipeline.Block)),
		)
	fmt.Print(plan)
	// Output:
	// from pcap(traffic.pcap)
	// branch
	// └─ when dst address ::/0
	//    through each
	// repartition 4 by 5-tuple
	// tee
	// ├─ path
	// │  filter dst port 443
	// │  to csv(https.csv)
	// └─ path
	//    to buffered 16, block
	//       → json(flows.json.zst)
}

func ExamplePipeline_Stats() {
	https := filter.Expr("dst port 443")
	pl, err := pipeline.From(source.Flows(flowTo("198.51.100.80", 443), flowTo("198.51.100.53", 53))).
		Filter(https).
		To(sink.Discard()).
		Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pl.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, st := range pl.Stats().Stages {
		fmt.Printf("%s: %d in, %d out, %d filtered\n", st.Name, st.In, st.Out, st.Filtered)
	}
	// Output:
	// flows: 2 in, 2 out, 0 filtered
	// filter dst port 443: 2 in, 1 out, 1 filtered
	// discard: 1 in, 1 out, 0 filtered
}

func ExampleStats_Total() {
	pl, err := pipeline.From(pcap.File("testdata/web.pcap")).To(sink.Discard(), sink.Discard()).Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pl.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	total := pl.Stats().Total()
	fmt.Printf("%d in, %d emitted, %d delivered\n", total.In, total.Emitted, total.Delivered)
	// Output:
	// 29 in, 29 emitted, 58 delivered
}

func ExampleWithObserver() {
	observer := pipeline.Observer{
		Opened: func(stage string) { fmt.Println("opened", stage) },
		Failed: func(err *pipeline.StageError) { fmt.Println("failed", err) },
	}
	server := sink.Func("server", func(*flow.Batch) error { return errors.New("connection refused") })
	plan := pipeline.From(source.Flows(flowTo("198.51.100.80", 443))).To(pipeline.DropFailed(server))
	if err := plan.Run(context.Background(), pipeline.WithObserver(observer)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// opened flows
	// opened drop failed
	// opened server
	// failed server: write: connection refused
}

func ExampleWithSymbols() {
	symbols := flow.NewSymbols(0)
	fl := flowTo("198.51.100.80", 443)
	fl.SetInIfName(symbols.Intern("eth0"))
	plan := pipeline.From(source.Flows(fl)).To(sink.JSON(os.Stdout))
	if err := plan.Run(context.Background(), pipeline.WithSymbols(symbols)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"dst_addr":"198.51.100.80","dst_port":443,"in_if_name":"eth0"}
}

// flowTo is a flow to a port of a server.
func flowTo(server string, port uint16) (fl flow.Flow) {
	fl.SetDstAddr(flow.MustParseAddr(server))
	fl.SetDstPort(port)
	return fl
}
