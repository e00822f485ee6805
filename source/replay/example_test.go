package replay_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/internal/datagram"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
	"github.com/flowpipeline/pipeline/source/netflow"
	"github.com/flowpipeline/pipeline/source/replay"
)

func ExampleReader() {
	var recording bytes.Buffer
	rec := datagram.NewRecorder(&recording)
	_ = rec.Write(&datagram.Datagram{Payload: export.V5(0, 3)})
	_ = rec.Close()

	plan := pipeline.From(replay.Reader("recording", &recording)).
		Filter(filter.Expr("bytes >100")).
		To(sink.CSV(os.Stdout, "src_addr", "dst_addr", "dst_port", "bytes"))
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// src_addr,dst_addr,dst_port,bytes
	// 192.0.2.1,198.51.100.7,443,101
	// 192.0.2.1,198.51.100.7,443,102
}

func ExampleListUnmapped() {
	// An IPFIX message with a template of octetDeltaCount and of element 7 of
	// enterprise 32473, and with one record.
	message, _ := hex.DecodeString("000a002e6553f1000000000000000001" +
		"00020014012c0002000100048007000200007ed9" +
		"012c000a00000064abcd")
	var recording bytes.Buffer
	rec := datagram.NewRecorder(&recording)
	_ = rec.Write(&datagram.Datagram{From: netip.MustParseAddrPort("192.0.2.1:4739"), Payload: message})
	_ = rec.Close()

	var unmapped netflow.Unmapped
	plan := pipeline.From(replay.Reader("recording", &recording, replay.ListUnmapped(&unmapped))).To(sink.Discard())
	if err := plan.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, e := range unmapped.Elements() {
		fmt.Println(e)
	}
	// Output:
	// 32473/7 of 192.0.2.1, 2 bytes, in 1 records, such as abcd
}
