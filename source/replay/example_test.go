package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/filter"
	"github.com/flowpipeline/pipeline/internal/datagram"
	export "github.com/flowpipeline/pipeline/internal/datagram/exporttest"
	"github.com/flowpipeline/pipeline/sink"
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
