package kafka_test

import (
	"fmt"

	"github.com/flowpipeline/pipeline"
	"github.com/flowpipeline/pipeline/sink/kafka"
	"github.com/flowpipeline/pipeline/source/pcap"
)

// The flows of a capture go to a topic; those of the same two hosts to the same
// partition.
func ExampleTopic() {
	plan := pipeline.From(pcap.File("../../testdata/web.pcap")).
		To(kafka.Topic("flows", kafka.Brokers("kafka.example.net:9092"), kafka.Key("src_addr", "dst_addr")))
	_, err := plan.Build()
	fmt.Println(err)
	// Output:
	// <nil>
}
