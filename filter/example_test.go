package filter_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// docs/filter.md shows parts of these examples, and TestDocsShowTheExamples holds
// the two together.

func ExampleExpr() {
	web := filter.Expr("tcp dst port 80 and bytes > 600")
	plan := pipeline.
		From(pcap.File("../testdata/web.pcap")).
		Filter(web).
		To(sink.CSV(os.Stdout, "src_addr", "dst_port", "bytes"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,dst_port,bytes
	// 192.0.2.1,80,685
	// 2001:db8::1,80,869
	// 192.0.2.1,80,685
}

func ExampleExpr_mistake() {
	_, err := pipeline.
		From(source.Flows()).
		Filter(filter.Expr("port 80 and prto tcp")).
		To(sink.Discard()).
		Build()
	fmt.Println(err)
	// Output:
	// filter port 80 and prto tcp: build: 1:13: unknown word "prto": did you mean "proto"?
	//     port 80 and prto tcp
	//                 ^^^^
}

func ExampleExpr_lines() {
	p := filter.Expr(`
		# what customers fetch from the web
		dst address in [192.0.2.0/24 2001:db8::/32]
		and tcp src port 80 or 443    // HTTP/3 is UDP, and does not count
	`)
	fmt.Println(p)
	// Output:
	// dst address in [192.0.2.0/24 2001:db8::/32] and (tcp src port 80 or tcp src port 443)
}

func ExampleParse() {
	_, err := filter.Parse("bytes > 1k and prot udp")
	fmt.Println(err)
	var at *filter.Error
	if errors.As(err, &at) {
		fmt.Println("line", at.Line, "column", at.Column)
	}
	// Output:
	// 1:16: unknown word "prot": did you mean "proto"?
	//     bytes > 1k and prot udp
	//                    ^^^^
	// line 1 column 16
}

func ExampleLint() {
	warnings, err := filter.Lint("proto tcp and port 80 or port 443")
	if err != nil {
		fmt.Println(err)
	}
	for _, w := range warnings {
		fmt.Println(w)
	}
	// Output:
	// 1:1: "and" and "or" without brackets: taken for proto tcp and (port 80 or port 443); with "and" before "or", as in nfdump, it is (proto tcp and port 80) or port 443
	//     proto tcp and port 80 or port 443
	//     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
}

func ExamplePrecedence() {
	const text = "proto tcp and port 80 or port 443"
	fmt.Println(filter.Expr(text))
	fmt.Println(filter.Expr(text, filter.Precedence(filter.Standard)))
	// Output:
	// proto tcp and (port 80 or port 443)
	// (proto tcp and port 80) or port 443
}

func ExampleAnd() {
	campus := netip.MustParsePrefix("192.0.2.0/24")
	p := filter.And(
		filter.SrcAddr(campus),
		filter.Or(filter.DstPort(80, 443), filter.Expr("bytes > 1M")),
		filter.Not(filter.DstAddr(campus)),
	)
	fmt.Println(p)
	// Output:
	// src_addr in [192.0.2.0/24] and (dst_port in [80 443] or bytes > 1M) and not dst_addr in [192.0.2.0/24]
}

func ExampleBetween() {
	p := filter.Between(flow.FieldDstPort, 8000, 8999)
	var fl flow.Flow
	fl.SetDstPort(8080)
	fmt.Println(p, p.Match(&fl))
	// Output:
	// dst_port in [8000-8999] true
}

func ExampleHas() {
	p := filter.Has(flow.FieldSrcAS)
	var known, unknown flow.Flow
	known.SetSrcAS(64500)
	fmt.Println(p, p.Match(&known), p.Match(&unknown))
	// Output:
	// has src_as true false
}

func ExampleFunc() {
	p := filter.And(filter.Expr("udp"), filter.Func("even", func(fl *flow.Flow) bool { return fl.Packets%2 == 0 }))
	var fl flow.Flow
	fl.SetProto(flow.ProtoUDP)
	fl.SetPackets(4)
	fmt.Println(p, p.Match(&fl))
	// Output:
	// udp and even true
}

func ExampleNewSet() {
	customers, err := filter.NewSet("customers", "192.0.2.0/24", "2001:db8::/32")
	if err != nil {
		fmt.Println(err)
	}
	p := filter.Expr("src address in @customers", filter.With(customers))

	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("198.51.100.7"))
	fmt.Println(p.Match(&fl))
	if err := customers.Replace("198.51.100.0/24"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(p.Match(&fl))
	// Output:
	// false
	// true
}

func ExampleSet_Read() {
	const file = `
# ports of our services
443
8000-8099, Tomcat
80/24
`
	ports, err := filter.NewSet("ports", "80")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(ports.Read("ports.txt", strings.NewReader(file)))
	fmt.Println(ports.Len(), "value")
	// Output:
	// set @ports: ports.txt:5: "80" is no address
	// 1 value
}

func ExampleExtensions() {
	score := flow.Extension[uint32]("score")
	_, err := filter.Parse("score > 90", filter.Extensions(score))
	fmt.Println(err)
	// Output:
	// <nil>
}

func ExamplePredicate_Explain() {
	text, err := filter.Expr("(port 80 or 443) and net 192.0.2.0/24").Explain(nil)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(text)
	// Output:
	// all of, each for what the one before left:
	//   src_port or dst_port in {80 443}: a bitmap
	//   src_addr or dst_addr in {192.0.2.0/24}: one comparison
}

func ExamplePredicate_Match() {
	p := filter.Expr("tcp dst port 443")
	var fl flow.Flow
	fl.SetProto(flow.ProtoTCP)
	fl.SetDstPort(443)
	fmt.Println(p.Match(&fl))
	// Output:
	// true
}

func ExamplePredicate_Fields() {
	fmt.Println(filter.Expr("tcp dst port 443 or 8443").Fields())
	// Output:
	// [dst_port proto]
}
