package anonymize_test

import (
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/flow"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source"
	"github.com/flowpipeline/pipeline/transform/anonymize"
)

// flows is one flow.
func flows() pipeline.Source {
	var fl flow.Flow
	fl.SetSrcAddr(flow.MustParseAddr("192.0.2.7"))
	fl.SetDstAddr(flow.MustParseAddr("2001:db8::7"))
	fl.SetSrcMAC(flow.MAC{0, 0x1b, 0x21, 1, 2, 3})
	return source.Flows(fl)
}

func ExampleCryptoPAn() {
	secret := []byte("a secret of thirty-two bytes, ok") // from where secrets are kept
	err := pipeline.From(flows()).Through(anonymize.CryptoPAn(secret)).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"204.14.59.227","dst_addr":"2fef:db8:3fff:c200:0:fc03:135c:f8","src_mac":"06:e1:b5:4d:df:2c","src_addr_anon":1,"dst_addr_anon":1}
}

func ExamplePrefix() {
	err := pipeline.From(flows()).Through(anonymize.Prefix(24, 48)).To(sink.JSON(os.Stdout)).Run(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	// Output: {"src_addr":"192.0.2.0","dst_addr":"2001:db8::","src_addr_anon":2,"dst_addr_anon":2,"src_addr_preserved_len":24,"dst_addr_preserved_len":48}
}
